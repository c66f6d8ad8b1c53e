use serde::Deserialize;
use serde_saphyr::Spanned as Placed;
use toml::Spanned;

use super::raw::RawTrigger;
use crate::{
    base::nearest,
    define::{Any, Faults, Page, Text},
};

/// One entry as other tools write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Placed<String>,
    #[serde(alias = "cron")]
    schedule: Placed<String>,
    command: Option<Placed<Words>>,
    run: Option<Placed<String>>,
    workflow: Option<Placed<String>>,
    #[serde(alias = "timezone")]
    tz: Option<Placed<String>>,
    #[serde(alias = "description")]
    about: Option<String>,
    enabled: Option<bool>,
}

/// A shell line, or program and arguments.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    Line(String),
    Argv(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Under {
    schedules: Vec<Placed<Entry>>,
}

/// Reads a list of entries, or one under `schedules:`.
pub(super) fn read(page: &Page<'_>, faults: &mut Faults) -> Vec<Spanned<RawTrigger>> {
    if page.text.trim().is_empty() {
        return vec![];
    }
    let options = serde_saphyr::options! { with_snippet: false };
    let first = page.text.lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#') && line != "---"
    });
    let read = if first.is_some_and(|line| line.trim_start().starts_with(['-', '['])) {
        serde_saphyr::from_str_with_options::<Vec<Placed<Entry>>>(page.text, options)
    } else {
        serde_saphyr::from_str_with_options::<Under>(page.text, options).map(|all| all.schedules)
    };
    match read {
        Ok(entries) => entries.into_iter().map(|entry| raw(page.text, entry)).collect(),
        Err(error) => {
            let place = error.location();
            let at = place.map_or(0..0, |place| of_line(page.text, place.line(), place.column()));
            let message = error.to_string();
            let ends = [" at line ", "; use from_", ", set DuplicateKeyPolicy"];
            let end = ends.iter().filter_map(|end| message.find(end)).min();
            let message = &message[..end.unwrap_or(message.len())];
            let fault = page.fault(at, format!("this is no list of schedules: {message}"));
            faults.push(fault.help(advice(message)));
            vec![]
        }
    }
}

const KEYS: [&str; 7] = ["name", "schedule", "command", "workflow", "tz", "about", "enabled"];

fn advice(message: &str) -> String {
    let wrong = message.contains("unknown field").then(|| message.split('`').nth(1)).flatten();
    match wrong.and_then(|wrong| nearest(wrong, KEYS.into_iter())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "write a list of {name: …, schedule: \"0 3 * * *\", command: …}".to_owned(),
    }
}

fn raw(text: &str, entry: Placed<Entry>) -> Spanned<RawTrigger> {
    let at = of_line(text, entry.defined.line(), entry.defined.column());
    let words = |placed: Placed<String>| -> Text {
        let at = of_line(text, placed.defined.line(), placed.defined.column());
        Spanned::new(at, placed.value)
    };
    let Entry { name, schedule, command, run, workflow, tz, about, enabled } = entry.value;
    let command = command.map(|command| -> Any {
        let at = of_line(text, command.defined.line(), command.defined.column());
        let value = match command.value {
            Words::Line(line) => toml::Value::String(line),
            Words::Argv(argv) => {
                toml::Value::Array(argv.into_iter().map(toml::Value::String).collect())
            }
        };
        Spanned::new(at, value)
    });
    let raw = RawTrigger {
        name: Some(words(name)),
        schedule: Some(words(schedule)),
        command,
        run: run.map(words),
        workflow: workflow.map(words),
        tz: tz.map(words),
        about,
        enabled,
        ..RawTrigger::default()
    };
    Spanned::new(at, raw)
}

/// The rest of the line from a line and column, both counted from 1.
fn of_line(text: &str, line: u64, column: u64) -> std::ops::Range<usize> {
    let whole = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(whole(line)).map(str::len).sum();
    let in_line = text[start..].lines().next().unwrap_or_default();
    let within = in_line.char_indices().nth(whole(column)).map_or(in_line.len(), |(at, _)| at);
    start + within..start + in_line.trim_end().len().max(within)
}
