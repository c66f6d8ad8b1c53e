//! A definition in plain sentences, with every default said out loud.
//!
//! Rooms: `implied` (the one table of what holds where a file says nothing), `work` (what a step
//! does), `rules` (when, how often, and what its failure means).

mod implied;
mod rules;
mod work;

pub(crate) use implied::implied;

use super::{
    escape::line,
    words::{Speech, count, span, value},
};
use crate::{
    meter::{Cap, Span},
    workflow::model::{Concurrency, Definition, Input, StepIndex, WhenFull},
};

/// Columns of a sentence of a stranger.
const MOST: usize = 200;

/// A definition in plain words: every step, and what holds where the file says nothing.
pub(crate) fn explain(definition: &Definition) -> String {
    let speech = Speech(definition);
    let mut lines = vec![line(&definition.name, MOST)];
    if !definition.about.is_empty() {
        lines.push(line(&definition.about, MOST));
    }
    lines.push(String::new());
    lines.extend(inputs(definition));
    lines.extend(whole(definition));
    lines.push(String::new());
    for index in &definition.body {
        step(definition, *index, 0, &mut lines);
    }
    if !definition.finally.is_empty() {
        lines.push("At the end, however it ends:".to_owned());
        lines.push(String::new());
        for index in &definition.finally {
            step(definition, *index, 0, &mut lines);
        }
    }
    if !definition.outputs.is_empty() {
        lines.push("The run gives back:".to_owned());
        for (name, from) in &definition.outputs {
            let from = line(&speech.source(from), 100);
            lines.push(format!("  {} from {from}", line(name, 60)));
        }
        lines.push(String::new());
    }
    lines.push("Where a workflow says nothing:".to_owned());
    lines.push(implied());
    lines.join("\n")
}

fn inputs(definition: &Definition) -> Vec<String> {
    if definition.inputs.is_empty() {
        return vec!["It is given nothing.".to_owned()];
    }
    let one = |input: &Input| {
        let mut words = vec![line(&input.name, 60)];
        words.push(match (&input.default, input.required) {
            (Some(default), _) => format!("{} if nobody gives one", value(default, 60)),
            (None, true) => "must be given".to_owned(),
            (None, false) => "may be left out".to_owned(),
        });
        if !input.about.is_empty() {
            words.push(line(&input.about, MOST));
        }
        format!("  {}", words.join(": "))
    };
    std::iter::once("It is given:".to_owned()).chain(definition.inputs.iter().map(one)).collect()
}

fn whole(definition: &Definition) -> Vec<String> {
    let most = definition.max_parallel;
    let mut lines = vec![format!("At most {most} commands run at a time in one run of it.")];
    lines.push(match &definition.concurrency {
        None => "Any number of runs of it may be under way.".to_owned(),
        Some(rule) => format!("Of its runs, {}.", together(Speech(definition), rule)),
    });
    lines.push(match definition.timeout_ms {
        None => "A run may take as long as it takes.".to_owned(),
        Some(ms) => format!("A run that takes longer than {} fails.", span(ms)),
    });
    lines.push(match definition.fail_fast {
        false => "If a step fails, whatever does not need it goes on.".to_owned(),
        true => "The first failure cancels what is under way.".to_owned(),
    });
    lines.push(match &definition.budget[..] {
        [] => "It has no budget of its own.".to_owned(),
        caps => format!("Beyond {} a person is asked before anything new begins.", budget(caps)),
    });
    if definition.priority != 0 {
        lines.push(format!("It has priority {}; others have 0.", definition.priority));
    }
    lines
}

/// How many of a group at a time.
fn together(speech: Speech<'_>, rule: &Concurrency) -> String {
    let group = line(&speech.text(&rule.group), 60);
    let full = match rule.when_full {
        WhenFull::Queue => "others wait",
        WhenFull::ReplacePending => "a new one waits in place of those that wait already",
        WhenFull::CancelRunning => "a new one cancels those that run",
        WhenFull::Skip => "others are not done",
    };
    format!("{} of the group `{group}` at a time; {full}", rule.max)
}

fn budget(caps: &[Cap]) -> String {
    let word = |cap: &Cap| match cap.span {
        Span::Day => format!("{} a day", cap.limit),
        Span::Ever => cap.limit.to_string(),
    };
    super::words::list(&caps.iter().map(word).collect::<Vec<_>>(), "or")
}

fn step(definition: &Definition, index: StepIndex, depth: usize, lines: &mut Vec<String>) {
    let step = definition.step(index);
    let indent = "  ".repeat(depth);
    let about = match step.about.is_empty() {
        true => String::new(),
        false => format!(": {}", line(&step.about, MOST)),
    };
    let kind = step.kind.word();
    lines.push(format!("{indent}{} ({kind}, line {}){about}", line(&step.id, 60), step.line));
    let speech = Speech(definition);
    let sentences = work::sentences(speech, step).into_iter().chain(rules::sentences(speech, step));
    lines.extend(sentences.map(|text| format!("{indent}  {text}")));
    lines.push(String::new());
    for inner in definition.inside(index) {
        self::step(definition, *inner, depth + 1, lines);
    }
}

fn tokens(number: u32) -> String {
    format!("{} tokens", count(number.into()))
}
