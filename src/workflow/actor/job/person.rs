//! Questions to a person. Each is raised under a key, so that a restart does not ask twice.

use serde_json::{Map, Value};

use super::{Job, choices};
use crate::{
    base::{Moment, Refusal, RunId},
    inbox::{Answer, Choice as Option_, Item, Kind, NewItem, State},
    workflow::{
        actor::World,
        machine::{Choice, Input, PersonAsk},
        record::RunRecord,
        run::{About, Class, End},
    },
};

/// An approval or a question.
pub(super) async fn ask(mut job: Job, ask: PersonAsk) {
    let kind = if ask.is_approval { Kind::Approval } else { Kind::Question };
    let options = ask.options.iter();
    let on_expiry = ask.default.as_ref().map(|answer| match (ask.is_approval, answer.as_str()) {
        (true, "yes" | "approve" | "true") => Answer::verdict(true, None),
        (true, _) => Answer::verdict(false, None),
        (false, text) => Answer::text(text),
    });
    let new = NewItem {
        workspace: Some(job.workspace()),
        task: Some(job.record.id.to_string()),
        body: ask.body,
        options: options.map(|o| Option_ { id: o.clone(), words: o.clone() }).collect(),
        expires: ask.expires,
        on_expiry,
        key: Some(job.name()),
        ..NewItem::new(kind, ask.title)
    };
    match wait(&mut job, new).await {
        Waited::Stopped => job.ended(End::bad(Class::Cancelled, "nobody needs it any more")),
        Waited::Failed(refusal) => job.ended(End::bad(Class::Failed, refusal.to_string())),
        Waited::Closed(item) => job.ended(answered(&item, ask.no_fails && ask.is_approval)),
    }
}

fn answered(item: &Item, no_fails: bool) -> End {
    let Some(answer) = item.answer() else {
        let why = match &item.state {
            State::Withdrawn { why, .. } => format!("the question was taken back: {why}"),
            State::Open | State::Answered { .. } | State::Expired { .. } => {
                "nobody answered in time".to_owned()
            }
        };
        return End::bad(Class::Timeout, why);
    };
    let text = answer.option.clone().or_else(|| answer.text.clone()).or(answer.reason.clone());
    let mut output = Map::new();
    if let Some(allow) = answer.allow {
        output.insert("approved".to_owned(), Value::Bool(allow));
    }
    output.insert("answer".to_owned(), text.clone().map_or(Value::Null, Value::String));
    if let State::Answered { by, .. } = &item.state {
        output.insert("by".to_owned(), Value::String(by.clone()));
    }
    let refused = no_fails && answer.allow == Some(false);
    let why = text.map_or_else(|| "a person said no".to_owned(), |why| format!("no: {why}"));
    let result = if refused { Err((Class::Refused, why)) } else { Ok(()) };
    End { result, ..End::good(output) }
}

/// Asks what becomes of one that is held.
pub(super) async fn hold(mut job: Job, about: About) {
    let title = match about {
        About::Error => format!("{}: {} failed", job.record.workflow, job.path),
        About::Lost => format!("{}: nobody knows how {} ended", job.record.workflow, job.path),
        About::Exhausted => format!("{}: {} is not done yet", job.record.workflow, job.path),
        About::Budget => format!("{}: the budget is used up", job.record.workflow),
    };
    let options = choices(about).into_iter();
    let new = NewItem {
        workspace: Some(job.workspace()),
        task: Some(job.record.id.to_string()),
        body: job.why.clone(),
        options: options
            .map(|(_, id, words)| Option_ { id: id.to_owned(), words: words.to_owned() })
            .collect(),
        // A loop is asked about once for each time round, an attempt once.
        key: Some(format!("{} {} {}", job.name(), about.word(), job.newest.unwrap_or_default())),
        ..NewItem::new(Kind::Question, title)
    };
    if let Waited::Closed(item) = wait(&mut job, new).await {
        let by = match &item.state {
            State::Answered { by, .. } => by.clone(),
            State::Open | State::Expired { .. } | State::Withdrawn { .. } => "nobody".to_owned(),
        };
        let word = item.answer().and_then(|answer| answer.option.clone().or(answer.text.clone()));
        let choice = word.as_deref().map(str::trim).and_then(Choice::of).unwrap_or(Choice::Fail);
        job.report(Input::Decided(job.at, choice, by));
    }
}

/// Asks whether a run may cost more.
pub(super) async fn budget(
    world: &World,
    record: &RunRecord,
    (why, since): (String, Moment),
) -> Option<(bool, String)> {
    let new = NewItem {
        workspace: Some(record.workspace.clone()),
        task: Some(record.id.to_string()),
        body: format!("{why}; yes lets it go on, no cancels it"),
        key: Some(format!("{} budget {}", record.id, since.0)),
        ..NewItem::new(Kind::Budget, format!("{} has used up its budget", record.workflow))
    };
    let id = world.people.raise(new).await.ok()?;
    let item = world.people.wait(&id).await.ok()?;
    let by = match &item.state {
        State::Answered { by, .. } => by.clone(),
        State::Open | State::Expired { .. } | State::Withdrawn { .. } => "nobody".to_owned(),
    };
    Some((item.answer().and_then(|answer| answer.allow).unwrap_or(false), by))
}

/// Takes back what is still asked about runs that are over.
pub(in super::super) async fn withdraw(world: &World, is_over: impl Fn(&RunId) -> bool) {
    let view = world.people.view();
    for item in view.open() {
        let run = item.task.as_deref().and_then(|task| task.parse::<RunId>().ok());
        if run.is_some_and(|run| is_over(&run)) {
            let _ = world.people.withdraw(&item.id, "its run is over").await;
        }
    }
}

enum Waited {
    Closed(std::sync::Arc<Item>),
    Stopped,
    Failed(Refusal),
}

async fn wait(job: &mut Job, new: NewItem) -> Waited {
    let people = job.world.people.clone();
    let id = match people.raise(new).await {
        Ok(id) => id,
        Err(refusal) => return Waited::Failed(refusal),
    };
    tokio::select! {
        item = people.wait(&id) => match item {
            Ok(item) => Waited::Closed(item),
            Err(refusal) => Waited::Failed(refusal),
        },
        () = job.stopped() => {
            let _ = people.withdraw(&id, "its run needs it no more").await;
            Waited::Stopped
        }
    }
}
