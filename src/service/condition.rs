//! Whether what a service depends on is as it shall be: looked at when asked, never remembered.

use super::{
    machine::{Conditions, Desired, Health, Phase, State, ended_well},
    model::{After, Condition, Kind, Service},
};
use crate::base::Moment;

/// One service that another depends on, all of its replicas.
pub(crate) struct Other<'a> {
    /// Its name as people write it.
    pub(crate) name: String,
    /// Its definition.
    pub(crate) service: &'a Service,
    /// How it is.
    pub(crate) state: &'a State,
    /// Whether this line of its output has come, for `log` conditions.
    pub(crate) said: &'a dyn Fn(&str) -> bool,
}

/// What one edge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edge {
    /// It holds.
    Holds,
    /// Not yet, and what is missing; for `healthy_for` with the milliseconds that are left.
    Unmet(String, Option<u64>),
    /// It cannot hold until a person does something.
    Blocked(String),
}

/// All edges of a service together. Optional ones never hold it up.
pub(crate) fn conditions(edges: &[(&After, Vec<Edge>)]) -> Conditions {
    let required = || edges.iter().filter(|(after, _)| after.required).flat_map(|(_, all)| all);
    let blocked: Vec<String> = required()
        .filter_map(|edge| match edge {
            Edge::Blocked(what) => Some(what.clone()),
            Edge::Holds | Edge::Unmet(..) => None,
        })
        .collect();
    let unmet: Vec<String> = required()
        .filter_map(|edge| match edge {
            Edge::Unmet(what, _) => Some(what.clone()),
            Edge::Holds | Edge::Blocked(_) => None,
        })
        .collect();
    if !blocked.is_empty() {
        Conditions::Blocked(blocked)
    } else if !unmet.is_empty() {
        Conditions::Unmet(unmet)
    } else {
        Conditions::Met
    }
}

/// Whether one edge holds at this moment.
pub(crate) fn edge(after: &After, other: &Other<'_>, now: Moment) -> Edge {
    let Other { name, service, state, .. } = other;
    let waits = |what: &str| Edge::Unmet(format!("{name} {what}"), None);
    let ended = matches!(state.phase, Phase::Completed(_) | Phase::Failed(_));
    let well = state.last.as_ref().is_some_and(|last| ended_well(&service.restart, last));
    if let (Phase::Failed(why), false) = (&state.phase, after.condition == Condition::Completed) {
        return Edge::Blocked(format!("{name} has failed: {}", why.show()));
    }
    if let Phase::Blocked(by) = &state.phase {
        return Edge::Blocked(format!("{name} is blocked: {}", by.join(", ")));
    }
    let wanted = state.desired != Desired::Down;
    let done = matches!(after.condition, Condition::Completed | Condition::CompletedOk);
    if !(wanted || done && ended) {
        return Edge::Unmet(format!("{name} to be started (it is down)"), None);
    }
    let up = matches!(state.phase, Phase::Starting | Phase::Running);
    let ready = state.phase == Phase::Running && state.health == Health::Ready;
    let over = matches!(state.phase, Phase::Completed(_));
    let blunt = after.condition == Condition::HealthyFor(0) && !service.has_gate();
    match &after.condition {
        // One that has ended has started before.
        Condition::Started if up || over => Edge::Holds,
        Condition::Started => waits("to start"),
        // Something that has no gate is as ready as it is alive.
        Condition::HealthyFor(0) if blunt && service.kind == Kind::Oneshot => match over && well {
            true => Edge::Holds,
            false => waits("to end with success"),
        },
        Condition::HealthyFor(0) if blunt && (up || over) || ready => Edge::Holds,
        Condition::HealthyFor(0) if blunt => waits("to start"),
        Condition::Ready | Condition::HealthyFor(_) if over => {
            Edge::Blocked(format!("{name} has ended, and will not be ready"))
        }
        Condition::Ready if ready => Edge::Holds,
        Condition::Ready | Condition::HealthyFor(0) => waits(&not_ready(state)),
        Condition::HealthyFor(ms) => {
            let since = state.ready.filter(|_| ready).unwrap_or(now);
            let so_far = now.since(since).as_millis() as u64;
            match ready && so_far >= *ms {
                true => Edge::Holds,
                false => {
                    let what = format!("{name} to be ready for {} s", ms.div_ceil(1000));
                    Edge::Unmet(what, ready.then(|| ms - so_far))
                }
            }
        }
        Condition::Completed if ended => Edge::Holds,
        Condition::Completed => waits("to end"),
        Condition::CompletedOk if matches!(state.phase, Phase::Completed(_)) && well => Edge::Holds,
        Condition::CompletedOk => waits("to end with success"),
        Condition::Log(line) if (up || over) && (other.said)(line) => Edge::Holds,
        Condition::Log(line) => waits(&format!("to print /{line}/")),
    }
}

fn not_ready(state: &State) -> String {
    match (&state.phase, &state.health) {
        (Phase::Running, Health::NotReady { error, .. }) => format!("to be ready again ({error})"),
        (Phase::Running | Phase::Starting, _) => "to be ready".to_owned(),
        (phase, _) => format!("to be ready (it is {})", phase.word()),
    }
}
