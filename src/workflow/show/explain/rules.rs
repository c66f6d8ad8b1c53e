use super::together;
use crate::workflow::{
    model::{
        Join, Kind, OnChildFailure, OnError, OnExhausted, OnLost, Repeat, Retry, RetryOn, Step,
    },
    show::{
        escape::line,
        graph::{each_words, endings, repeat_words},
        words::{Speech, list, many, span},
    },
};

/// When a step is done, how often, and what its failure means.
pub(super) fn sentences(speech: Speech<'_>, step: &Step) -> Vec<String> {
    let mut all = vec![needs(speech, step)];
    if let Some(when) = &step.when {
        all.push(format!("Skipped unless {}.", line(&speech.condition(when), 200)));
    }
    all.extend(often(speech, step));
    let group = matches!(step.kind, Kind::Group { .. });
    let person = matches!(step.kind, Kind::Approval(_) | Kind::Question(_));
    if !group {
        all.push(step.retry.as_deref().map_or_else(|| "Tried once.".to_owned(), retry));
        all.extend((!person).then(|| timeout(step)));
    }
    all.push(on_error(step.on_error).to_owned());
    if matches!(step.kind, Kind::Run(_) | Kind::Agent(_)) {
        all.push(on_lost(step.on_lost).to_owned());
    }
    if let Some(rule) = &step.concurrency {
        all.push(format!("Over all runs, {}.", together(speech, rule)));
    }
    if step.priority != 0 {
        all.push(format!("It has priority {}; others have 0.", step.priority));
    }
    all
}

fn needs(speech: Speech<'_>, step: &Step) -> String {
    let need = |need: &crate::workflow::model::Need| {
        let name = speech.0.steps.get(need.step as usize).map_or("?", |step| step.id.as_str());
        let name = line(name, 60);
        match endings(&need.on).as_str() {
            "" => name,
            "done" => format!("{name} (however it ends)"),
            label => format!("{name} (if it is {label})"),
        }
    };
    let needs: Vec<String> = step.needs.iter().map(need).collect();
    match (&needs[..], step.parent) {
        ([], None) => "Begins at once: it needs nothing.".to_owned(),
        ([], Some(_)) => "Begins with what it is inside of: it needs nothing.".to_owned(),
        (needs, _) => format!("Begins after {}.", list(needs, "and")),
    }
}

fn often(speech: Speech<'_>, step: &Step) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(each) = &step.for_each {
        let limit = if each.max_parallel.is_none() { ", all at a time" } else { "" };
        all.push(format!("Done {}{limit}.", line(&each_words(speech, each), 200)));
        let join = match each.join {
            Join::AllDone => "It has ended well when all are over, even if some failed",
            Join::AllOk => "It has ended well when all ended well",
        };
        let others = match each.on_child_failure {
            OnChildFailure::Continue => "a failure of one means nothing for the others",
            OnChildFailure::Stop => "after a failure no more are begun",
        };
        all.push(format!("{join}; {others}. An empty list is done at once."));
    }
    all.extend(step.repeat.as_ref().map(|repeat| loops(speech, repeat)));
    all
}

fn loops(speech: Speech<'_>, repeat: &Repeat) -> String {
    let end = match repeat.on_exhausted {
        OnExhausted::Fail => "it fails",
        OnExhausted::Ask => "a person is asked",
        OnExhausted::Continue => "it has ended well",
    };
    let stuck = match repeat.no_progress {
        0 => String::new(),
        times => format!(", or after {} without a difference", many(times.into(), "time")),
    };
    let until = line(&repeat_words(speech, repeat), 200);
    format!("Done again {until}; after that{stuck}, {end}.")
}

fn retry(retry: &Retry) -> String {
    let word = |on: &RetryOn| match on {
        RetryOn::Code(code) => format!("exit code {code}"),
        RetryOn::Timeout => "a timeout".to_owned(),
        RetryOn::Lost => "a lost attempt".to_owned(),
        RetryOn::OutputInvalid => "outputs that do not fit".to_owned(),
        RetryOn::Failed => "any other failure".to_owned(),
    };
    let on: Vec<String> = retry.on.iter().map(word).collect();
    let on = if on.is_empty() { "any failure".to_owned() } else { list(&on, "or") };
    let pause = match (retry.backoff_ms, retry.factor == 1.0) {
        (0, _) => "at once".to_owned(),
        (ms, true) => format!("after {}", span(ms)),
        (ms, false) => {
            let most = span(retry.max_backoff_ms);
            format!("after {}, then ×{} up to {most}", span(ms), retry.factor)
        }
    };
    format!("Tried again up to {} after {on}: {pause}.", many(retry.max.into(), "time"))
}

fn timeout(step: &Step) -> String {
    match (step.timeout_ms, step.idle_timeout_ms) {
        (None, None) => "An attempt may take as long as it takes.".to_owned(),
        (Some(ms), None) => format!("An attempt may take {}.", span(ms)),
        (None, Some(ms)) => format!("An attempt may be silent for {}.", span(ms)),
        (Some(ms), Some(idle)) => {
            format!("An attempt may take {}, and be silent for {}.", span(ms), span(idle))
        }
    }
}

fn on_error(on_error: OnError) -> &'static str {
    match on_error {
        OnError::Fail => "If it fails, the run fails; what does not need it goes on.",
        OnError::Continue => "If it fails, the run goes on as if it had ended well.",
        OnError::Ask => "If it fails, a person says what is done.",
    }
}

fn on_lost(on_lost: OnLost) -> &'static str {
    match on_lost {
        OnLost::Retry => "If nobody knows how it ended, it is tried again: it may be done twice.",
        OnLost::Ask => "If nobody knows how it ended, a person says what is done.",
        OnLost::Fail => "If nobody knows how it ended, it fails.",
    }
}
