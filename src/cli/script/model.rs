//! A recorded task as its file tells it. Pure.

use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    base::ConfigError,
    define::{Faults, Page},
};

/// A recorded task.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
}

/// One step.
#[derive(Debug)]
pub(super) struct Step {
    /// Done only if the prompt is such.
    pub(super) when: Option<Regex>,
    /// Waited before it.
    pub(super) pause_ms: u64,
    pub(super) act: Act,
}

/// What is done.
#[derive(Debug)]
pub(super) enum Act {
    Say(String),
    Write { path: String, content: String },
    Edit { path: String, old: String, new: String },
    Run { line: String, may_fail: bool },
    Ask { question: String, options: Vec<String> },
    Report(String),
    Finish { summary: String, deliverables: Vec<String> },
    WaitFile(String),
    Fail(String),
    Limit { until_s: u64 },
    Usage(Usage),
    Hang,
    Pause,
}

/// What the model would have cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cache_read: u64,
    pub(super) cache_write: u64,
    pub(super) cost_usd: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScript {
    #[serde(default)]
    step: Vec<Spanned<RawStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    say: Option<String>,
    write: Option<RawWrite>,
    edit: Option<RawEdit>,
    run: Option<String>,
    may_fail: Option<Spanned<bool>>,
    ask: Option<String>,
    options: Option<Spanned<Vec<String>>>,
    report: Option<String>,
    finish: Option<RawFinish>,
    wait_file: Option<String>,
    fail: Option<String>,
    limit: Option<RawLimit>,
    usage: Option<Usage>,
    hang: Option<bool>,
    when_prompt: Option<Spanned<String>>,
    pause_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWrite {
    path: String,
    content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdit {
    path: String,
    old: String,
    new: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFinish {
    summary: String,
    #[serde(default)]
    deliverables: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    until_s: u64,
}

const ACTS: &str = "say, write, edit, run, ask, report, finish, wait_file, fail, limit, usage, \
    hang, pause_ms";

impl Script {
    /// Reads a file; all that is wrong with it, each fault at its place.
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Vec<ConfigError>> {
        let page = Page { path, text };
        let mut faults = vec![];
        let raw = page.parse::<RawScript>(&mut faults);
        let raw = raw.map_or_else(Vec::new, |raw| raw.step);
        if raw.is_empty() && faults.is_empty() {
            let fault = page.fault(0..0, "there is no step in this file");
            faults.push(fault.help("write [[step]], and below it e.g. say = \"hello\""));
        }
        let steps = raw.into_iter().filter_map(|step| checked(step, page, &mut faults)).collect();
        if faults.is_empty() { Ok(Self { steps }) } else { Err(faults) }
    }
}

fn checked(step: Spanned<RawStep>, page: Page<'_>, faults: &mut Faults) -> Option<Step> {
    let span = step.span();
    let mut raw = step.into_inner();
    if let Some(may_fail) = raw.may_fail.as_ref().filter(|_| raw.run.is_none()) {
        let fault = page.fault(may_fail.span(), "`may_fail` goes with `run`");
        faults.push(fault.help("leave it out, or write run = \"…\" beside it"));
    }
    if let Some(options) = raw.options.as_ref().filter(|_| raw.ask.is_none()) {
        let fault = page.fault(options.span(), "`options` go with `ask`");
        faults.push(fault.help("leave them out, or write ask = \"…\" beside them"));
    }
    let when = raw.when_prompt.take().and_then(|pattern| match Regex::new(pattern.get_ref()) {
        Ok(regex) => Some(regex),
        Err(_) => {
            let what = format!("`{}` is no regular expression", pattern.get_ref());
            let help =
                "write it in single quotes, and a backslash before .?*+()[]{}| as themselves";
            faults.push(page.fault(pattern.span(), what).help(help));
            None
        }
    });
    let pause_ms = raw.pause_ms.unwrap_or(0);
    let mut acts = acts(raw);
    match (acts.pop(), acts.is_empty()) {
        (Some(act), true) => Some(Step { when, pause_ms, act }),
        (None, _) if pause_ms > 0 => Some(Step { when, pause_ms, act: Act::Pause }),
        (None, _) => {
            let fault = page.fault(span, "this step does nothing");
            faults.push(fault.help(format!("write one of {ACTS}")));
            None
        }
        (Some(_), false) => {
            let fault = page.fault(span, "this step does more than one thing");
            faults.push(fault.help("write a [[step]] for each"));
            None
        }
    }
}

fn acts(raw: RawStep) -> Vec<Act> {
    let may_fail = raw.may_fail.is_some_and(Spanned::into_inner);
    let options = raw.options.map(Spanned::into_inner).unwrap_or_default();
    let all = [
        raw.say.map(Act::Say),
        raw.write.map(|RawWrite { path, content }| Act::Write { path, content }),
        raw.edit.map(|RawEdit { path, old, new }| Act::Edit { path, old, new }),
        raw.run.map(|line| Act::Run { line, may_fail }),
        raw.ask.map(|question| Act::Ask { question, options }),
        raw.report.map(Act::Report),
        raw.finish.map(|RawFinish { summary, deliverables }| Act::Finish { summary, deliverables }),
        raw.wait_file.map(Act::WaitFile),
        raw.fail.map(Act::Fail),
        raw.limit.map(|RawLimit { until_s }| Act::Limit { until_s }),
        raw.usage.map(Act::Usage),
        raw.hang.filter(|hang| *hang).map(|_| Act::Hang),
    ];
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(usize, usize, String)> {
        let faults = Script::read("task.toml", text).unwrap_err();
        faults.iter().map(|f| (f.place().0, f.place().1, f.to_string())).collect()
    }

    #[test]
    fn a_file_becomes_steps() {
        let text = "[[step]]\nsay = 'hi'\nwhen_prompt = '(?i)greet'\n[[step]]\npause_ms = 5\n\
            [[step]]\nrun = 'false'\nmay_fail = true\n[[step]]\nusage = { input = 3, cost_usd = 0.5 }";
        let script = Script::read("task.toml", text).unwrap();
        assert!(matches!(&script.steps[0].act, Act::Say(text) if text == "hi"));
        assert!(script.steps[0].when.as_ref().unwrap().is_match("Greet them"));
        assert!(matches!(script.steps[1].act, Act::Pause));
        assert!(matches!(script.steps[2].act, Act::Run { may_fail: true, .. }));
        assert!(matches!(script.steps[3].act, Act::Usage(usage) if usage.input == 3));
    }

    #[test]
    fn every_fault_has_its_place() {
        let text = "[[step]]\nsay = 'a'\nrun = 'b'\n[[step]]\nwhen_prompt = '('\nsay = 'c'\n\
            [[step]]\nmay_fail = true\n";
        let found = faults(text);
        let places: Vec<(usize, usize)> = found.iter().map(|f| (f.0, f.1)).collect();
        assert_eq!(places, [(1, 1), (5, 15), (8, 12), (7, 1)], "{found:?}");
        assert_eq!(faults("")[0].2, "there is no step in this file");
        let unknown = faults("[[step]]\nsya = 'a'\n");
        assert_eq!((unknown[0].0, unknown[0].1), (2, 1), "{unknown:?}");
    }
}
