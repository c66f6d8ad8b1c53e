//! Events in words, for those who follow a run or read its journal.
//!
//! Pure.

use super::run::{Class, Event, Run};

/// One event in words; the run has taken it in already.
pub(crate) fn line(run: &Run, event: &Event) -> String {
    let at = |id: &u32| run.path(*id);
    match event {
        Event::Began => "the run began".to_owned(),
        Event::Intended { at: id, attempt: 1, .. } => format!("{} began", at(id)),
        Event::Intended { at: id, attempt, .. } => format!("{} began, attempt {attempt}", at(id)),
        Event::Linked { at: id, to } => format!("{} is {to}", at(id)),
        Event::Opened { at: id } => format!("{} began", at(id)),
        Event::Expanded { at: id, items } => format!("{} is done {} times", at(id), items.len()),
        Event::Repeated { at: id } => {
            format!("{} goes round, time {}", at(id), run.get(*id).children.len())
        }
        Event::Stopping { at: id, class } => format!("{} is ended: {}", at(id), class_word(*class)),
        Event::AskedAgain { at: id, error } => {
            format!("{} is asked again, its outputs do not fit: {error}", at(id))
        }
        Event::Ended { at: id, class, why, .. } => {
            format!("{} did not end well ({}): {why}", at(id), class_word(*class))
        }
        Event::Waits { at: id, until } => format!("{} waits until {}", at(id), until.show()),
        Event::Held { at: id, why, .. } => format!("{} waits for a person: {why}", at(id)),
        Event::Done { at: id, .. } => format!("{} is done", at(id)),
        Event::Failed { at: id, why } => format!("{} failed: {why}", at(id)),
        Event::Skipped { at: id, why } => format!("{} is skipped: {why}", at(id)),
        Event::Dropped { at: id, why } => format!("{} is dropped: {why}", at(id)),
        Event::CancelAsked { by, .. } => format!("the run is ended: {by}"),
        Event::OverBudget { why } => format!("the run waits for a person: {why}"),
        Event::Waived => "the run may cost more".to_owned(),
        Event::Paused { paused: true } => "the run is paused".to_owned(),
        Event::Paused { paused: false } => "the run goes on".to_owned(),
        Event::Finally => "the steps at its end".to_owned(),
        Event::Reset { these } if these.is_empty() => "its end is done over".to_owned(),
        Event::Reset { these } => {
            let these: Vec<String> = these.iter().map(at).collect();
            format!("done over: {}", these.join(", "))
        }
        Event::Finished { state, .. } => format!("the run is {}", state.word()),
    }
}

fn class_word(class: Class) -> String {
    match class {
        Class::Code(code) => format!("exit code {code}"),
        Class::Signal(signal) => format!("signal {signal}"),
        Class::Timeout => "timeout".to_owned(),
        Class::Lost => "lost".to_owned(),
        Class::OutputInvalid => "outputs".to_owned(),
        Class::Input => "inputs".to_owned(),
        Class::Cancelled => "cancelled".to_owned(),
        Class::Refused => "refused".to_owned(),
        Class::Failed => "failed".to_owned(),
    }
}
