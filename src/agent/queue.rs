//! Which task is begun next, and who does it.
//!
//! Pure. Higher priorities go first, older ones before younger; a task that waits climbs by one
//! each five minutes, so that none waits for ever (newest-first queues starved branches for two
//! days: agents.md §2.22).

use std::{collections::BTreeMap, sync::Arc};

use globset::Glob;

use super::{
    id::TaskId,
    model::{Place, State, Wanted},
    record::TaskRecord,
};
use crate::base::{Moment, Name};

/// A task that waits climbs by one each time this many milliseconds are over.
const CLIMB_MS: u64 = 5 * 60_000;

/// What is known of an agent when one is chosen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    /// The agent.
    pub(crate) name: Name,
    /// Its labels.
    pub(crate) labels: Vec<String>,
    /// It stands for its driver: it is never chosen, only named.
    pub(crate) implied: bool,
    /// Tasks it may do at a time.
    pub(crate) concurrency: u32,
    /// Tasks it does.
    pub(crate) busy: u32,
    /// Not before this moment: its make has a limit.
    pub(crate) until: Option<Moment>,
    /// Share of its tasks that ended well, 0 to 1; 1 for one that has done none.
    pub(crate) success: f64,
    /// Median cost of its tasks, in millionths of a dollar.
    pub(crate) median_micros: u64,
}

/// A workspace as the queue sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crew {
    /// Its agents.
    pub(crate) agents: Vec<Candidate>,
    /// Attempts at a time, over all of them.
    pub(crate) concurrency: u32,
    /// Nothing is begun.
    pub(crate) paused: bool,
}

/// A task that can be begun, and who does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pick {
    /// The task.
    pub(crate) task: TaskId,
    /// The agent.
    pub(crate) agent: Name,
}

/// Priority and time it waits, as one number: higher goes first.
pub(crate) fn rank(task: &TaskRecord, now: Moment) -> i64 {
    let waited = now.0.saturating_sub(task.created.0) / CLIMB_MS;
    i64::from(task.wanted.priority) + i64::try_from(waited).unwrap_or(i64::MAX / 2)
}

/// Tasks that can be begun now, in order; what stands in the way of the others.
pub(crate) fn pick(
    tasks: &BTreeMap<TaskId, Arc<TaskRecord>>,
    crews: &BTreeMap<Name, Crew>,
    now: Moment,
) -> (Vec<Pick>, BTreeMap<TaskId, String>) {
    let mut crews = crews.clone();
    let mut begun: Vec<&TaskRecord> =
        tasks.values().map(|t| &**t).filter(|task| task.state == State::Running).collect();
    let mut waiting: Vec<&TaskRecord> = tasks
        .values()
        .map(|t| &**t)
        .filter(|task| matches!(task.state, State::Queued { .. }))
        .collect();
    waiting.sort_by_key(|task| (-rank(task, now), task.id));
    let (mut picks, mut why) = (Vec::new(), BTreeMap::new());
    for task in waiting {
        let running = begun.iter().filter(|other| other.workspace == task.workspace).count() as u32;
        let found = obstacle(task, tasks, &begun, now)
            .map_or_else(|| choose(task, crews.get(&task.workspace), running, now), Err);
        match found {
            Ok(agent) => {
                let crew = crews.get_mut(&task.workspace);
                for candidate in crew.into_iter().flat_map(|crew| &mut crew.agents) {
                    candidate.busy += u32::from(candidate.name == agent);
                }
                begun.push(task);
                picks.push(Pick { task: task.id, agent });
            }
            Err(reason) => drop(why.insert(task.id, reason)),
        }
    }
    (picks, why)
}

/// What has to happen before a task can be begun, apart from a free agent.
fn obstacle(
    task: &TaskRecord,
    tasks: &BTreeMap<TaskId, Arc<TaskRecord>>,
    begun: &[&TaskRecord],
    now: Moment,
) -> Option<String> {
    if let State::Queued { until: Some(until), why } = &task.state
        && *until > now
    {
        return Some(why.clone());
    }
    for id in &task.wanted.after {
        match tasks.get(id).map(|other| &other.state) {
            Some(state) if state.is_good() => (),
            Some(state) if state.is_over() => return Some(format!("{id} has {}", state.word())),
            Some(_) | None => return Some(format!("{id} is not done")),
        }
    }
    let in_place = |other: &&&TaskRecord| {
        let both = [*other, &task].iter().all(|t| t.wanted.place == Place::InPlace);
        both && other.workspace == task.workspace && overlap(&other.wanted, &task.wanted)
    };
    let other = begun.iter().find(in_place)?;
    Some(format!("{} works on the same files in the same folder", other.id))
}

/// Whether two tasks may be about the same file; tasks that name none are about all.
pub(crate) fn overlap(one: &Wanted, other: &Wanted) -> bool {
    if one.output && other.output {
        // In one folder they would leave their results in one file.
        return true;
    }
    let matches = |glob: &str, path: &str| {
        glob == path || Glob::new(glob).is_ok_and(|g| g.compile_matcher().is_match(path))
    };
    let touches = |a: &String, b: &String| matches(a, b) || matches(b, a);
    one.files.is_empty()
        || other.files.is_empty()
        || one.files.iter().any(|a| other.files.iter().any(|b| touches(a, b)))
}

/// Whether an agent may do a task.
pub(crate) fn fits(wanted: &Wanted, name: &Name, (labels, implied): (&[String], bool)) -> bool {
    let named = wanted.agent.as_ref().map_or(!implied, |wanted| wanted == name);
    named && wanted.any.iter().all(|label| labels.contains(label))
}

/// The agent that does a task, or what stands in the way.
fn choose(
    task: &TaskRecord,
    crew: Option<&Crew>,
    running: u32,
    now: Moment,
) -> Result<Name, String> {
    let crew = crew.ok_or("its workspace has no agents any more")?;
    if crew.paused {
        return Err("the queue is paused".to_owned());
    }
    if running >= crew.concurrency {
        return Err(format!("{running} tasks are under way, which is the most"));
    }
    let wanted = &task.wanted;
    let fits = |agent: &&Candidate| fits(wanted, &agent.name, (&agent.labels, agent.implied));
    let fitting: Vec<&Candidate> = crew.agents.iter().filter(fits).collect();
    if fitting.is_empty() {
        return Err(match &wanted.agent {
            Some(name) => format!("there is no agent `{name}` any more"),
            None => format!("no agent has the labels {}", wanted.any.join(", ")),
        });
    }
    let limited = |agent: &Candidate| agent.until.is_some_and(|until| until > now);
    let free = fitting.iter().filter(|agent| agent.busy < agent.concurrency && !limited(agent));
    let best = free.min_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.name.cmp(&b.name)));
    best.map(|agent| agent.name.clone()).ok_or_else(|| {
        if fitting.iter().all(|agent| limited(agent)) {
            return "its agent waits for a limit of its make".to_owned();
        }
        let names: Vec<&str> = fitting.iter().map(|agent| agent.name.as_str()).collect();
        format!("{} is busy", names.join(", "))
    })
}

/// What choosing an agent is worth: the share of it that is busy first, then how often it fails,
/// then what it costs (a dollar weighs like a tenth of a failure).
fn cost(agent: &Candidate) -> f64 {
    let load = f64::from(agent.busy) / f64::from(agent.concurrency.max(1));
    load + (1.0 - agent.success) + agent.median_micros as f64 / 1e7
}

#[cfg(test)]
mod tests;
