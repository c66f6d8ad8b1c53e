//! Everything that is neither a command nor an agent nor a person.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use serde_json::{Map, Value, json};

use super::{Job, env};
use crate::{
    base::{Moment, Refusal, RunId},
    inbox::{Level, Notice},
    knowledge::Fate,
    workflow::{
        actor::{NewRun, handle},
        machine::Input,
        model::ServiceAction,
        record::Parent,
        run::{Class, End, State},
        start,
    },
};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn bad(refusal: &Refusal) -> End {
    let help = refusal.help.iter();
    let why = help.fold(refusal.message.clone(), |message, help| format!("{message} ({help})"));
    End::bad(Class::Failed, why)
}

fn stopped() -> End {
    End::bad(Class::Cancelled, "it was stopped")
}

/// Another workflow, as a run of its own.
pub(super) async fn workflow(mut job: Job, name: String, inputs: Map<String, Value>) {
    let child = match begin(&job, &name, inputs).await {
        Ok(child) => child,
        Err(refusal) => return job.ended(bad(&refusal)),
    };
    job.linked(child.as_str());
    let handle = job.handle.clone();
    let over = tokio::select! {
        over = handle.wait(&child) => over,
        () = job.stopped() => {
            let by = format!("{} was", job.record.id);
            let _ = handle.tell(&child, Input::Cancel(by)).await;
            let _ = handle.wait(&child).await;
            return job.ended(stopped());
        }
    };
    let shown = handle.show(&child).await;
    let end = match (over, shown) {
        (Ok(head), Ok(view)) => {
            let output = view.outputs.as_ref().and_then(Value::as_object).cloned();
            let result = match head.state {
                State::Done | State::Skipped => Ok(()),
                State::Queued | State::Running | State::Failed | State::Cancelled => {
                    let why = head.why.clone().unwrap_or_default();
                    Err((Class::Failed, format!("{child} {}: {why}", head.state.word())))
                }
            };
            End { result, cost: head.cost, ..End::good(output.unwrap_or_default()) }
        }
        (Err(refusal), _) | (_, Err(refusal)) => bad(&refusal),
    };
    job.ended(end);
}

async fn begin(job: &Job, name: &str, given: Map<String, Value>) -> Result<RunId, Refusal> {
    let ledger = job.world.ledger();
    let load = |name: &str| {
        let digest = job.record.others.get(name);
        let missing = || Refusal::broken(format!("the workflow `{name}` was not captured"));
        handle::definition(ledger, digest.ok_or_else(missing)?)
    };
    let definition = load(name)?;
    let inputs = start::check(&definition.definition, given)?;
    let others = job.record.others.keys();
    let others =
        others.map(|name| Ok((name.clone(), load(name)?))).collect::<Result<_, Refusal>>()?;
    let depth = job.record.parent.as_ref().map_or(1, |parent| parent.depth + 1);
    let new = NewRun {
        workspace: job.workspace(),
        dir: job.record.dir.clone(),
        env: env::caller(job),
        definition,
        others,
        inputs,
        key: Some(job.name()),
        trigger: format!("{} of {}", job.path, job.record.id),
        parent: Some(Parent { run: job.record.id.clone(), at: job.at, depth }),
        priority: Some(job.record.priority),
        imports: BTreeMap::new(),
    };
    job.handle.create(new).await.map(|record| record.id)
}

/// Services.
pub(super) async fn service(mut job: Job, action: ServiceAction, names: Vec<String>) {
    let (services, dir, env) =
        (job.world.services.clone(), job.record.dir.clone(), env::caller(&job));
    let done = async {
        match action {
            ServiceAction::Start => services.bring(&dir, &env, &names).await,
            ServiceAction::Stop => services.put_down(&dir, &names).await,
            ServiceAction::Restart => services.cycle(&dir, &env, &names).await,
            ServiceAction::Wait => services.ready(&dir, &names).await,
        }
    };
    let done = tokio::select! {
        done = done => Some(done),
        () = job.stopped() => None,
    };
    job.ended(match done {
        None => stopped(),
        Some(Ok(())) => End::good(Map::new()),
        Some(Err(refusal)) => bad(&refusal),
    });
}

/// Nothing, until a moment. A clock that is set is noticed within the minute.
pub(super) async fn until(mut job: Job, moment: Moment) {
    loop {
        let left = moment.since(job.world.now());
        if left.is_zero() {
            return job.ended(End::good(Map::new()));
        }
        tokio::select! {
            () = super::super::pause(Some(left.min(super::super::LOOK))) => (),
            () = job.stopped() => return job.ended(stopped()),
        }
    }
}

/// Nothing, until a fact that is told after the attempt began.
pub(super) async fn fact(mut job: Job, kind: String, fields: BTreeMap<String, Value>) {
    let ledger = job.world.ledger().clone();
    let after = match ledger.before(job.since) {
        Ok(after) => after,
        Err(refusal) => return job.ended(bad(&refusal)),
    };
    let mut facts = Box::pin(ledger.subscribe(after));
    loop {
        tokio::select! {
            fact = facts.next() => {
                let Some(fact) = fact else { return };
                let same = |(name, wanted): (&String, &Value)| fact.body.get(name) == Some(wanted);
                if crate::ledger::fits(&kind, &fact.kind) && fields.iter().all(same) {
                    let told = json!({ "kind": fact.kind, "at": fact.at, "body": fact.body });
                    return job.ended(End::good(object(json!({ "fact": told }))));
                }
            }
            () = job.stopped() => return job.ended(stopped()),
        }
    }
}

/// The work of tasks becomes part of its target, one after the other.
pub(super) async fn land(job: Job, tasks: Vec<String>, how: Option<String>) {
    let mut commits = Vec::new();
    for task in &tasks {
        match job.world.agents.land_work(task, how.as_deref()).await {
            Ok(landed) => commits.extend(landed.commit),
            Err(refusal) => {
                let mut end = bad(&refusal);
                end.output = object(json!({ "commits": commits }));
                return job.ended(end);
            }
        }
    }
    let commit = commits.last().cloned();
    job.ended(End::good(object(json!({ "commit": commit, "commits": commits }))));
}

/// A person is told something. It is told twice after a crash at the wrong moment, never not at all.
pub(super) fn notify(job: Job, title: String, body: String, level: &str) {
    let level =
        [Level::Info, Level::Warning, Level::Urgent].into_iter().find(|l| l.word() == level);
    job.world.people.notify(Notice {
        kind: "run".to_owned(),
        level: level.unwrap_or_default(),
        title,
        body,
        workspace: Some(job.workspace()),
        agent: None,
        task: Some(job.record.id.to_string()),
    });
    job.ended(End::good(Map::new()));
}

/// An expert learns, once a person has looked at it.
pub(super) async fn learn(mut job: Job, expert: String, proposal: Value) {
    let (who, key) = (format!("{} of {}", job.path, job.record.id), job.name());
    let (dir, experts) = (job.record.dir.clone(), job.world.experts.clone());
    let asked = async {
        let name = expert.parse().map_err(|e| Refusal::new(crate::base::Code::Invalid, e))?;
        let proposal = serde_json::from_value(proposal).map_err(|error| {
            Refusal::new(crate::base::Code::Invalid, format!("this is no proposal: {error}"))
        })?;
        let new = crate::knowledge::New { dir, name, proposal, who, key: Some(key), yes: None };
        let id = experts.propose(new).await?;
        experts.wait(&id).await
    };
    let asked = tokio::select! {
        asked = asked => asked,
        // The proposal stays where it is: a person may still want it.
        () = job.stopped() => return job.ended(stopped()),
    };
    job.ended(match asked {
        Ok(Fate::Accepted { .. }) => End::good(object(json!({ "learned": true }))),
        Ok(other) => End::good(object(json!({ "learned": false, "fate": other }))),
        Err(refusal) => bad(&refusal),
    });
}
