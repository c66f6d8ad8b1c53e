//! What the tasks of an agent tell of it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{model::State, record::TaskRecord};
use crate::base::Name;

/// Statistics of one agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Stats {
    /// Tasks it was the last to do.
    pub(crate) tasks: u32,
    /// Of those, ended well.
    pub(crate) good: u32,
    /// Of those, ended badly.
    pub(crate) bad: u32,
    /// Under way.
    pub(crate) running: u32,
    /// Waiting for it by name.
    pub(crate) queued: u32,
    /// Median time of its attempts that are over, in milliseconds.
    pub(crate) median_ms: u64,
    /// Median cost of its attempts that are over, in millionths of a dollar.
    pub(crate) median_micros: u64,
    /// What it cost so far, in millionths of a dollar.
    pub(crate) cost_micros: u64,
}

impl Stats {
    /// Share of its tasks that ended well, 0 to 1; 1 for one that has done none.
    #[must_use]
    pub(crate) fn success(&self) -> f64 {
        match self.good + self.bad {
            0 => 1.0,
            all => f64::from(self.good) / f64::from(all),
        }
    }
}

/// What the tasks of a workspace tell of one of its agents.
pub(crate) fn of<'a>(
    tasks: impl Iterator<Item = &'a Arc<TaskRecord>>,
    workspace: &Name,
    agent: &Name,
) -> Stats {
    let mut stats = Stats::default();
    let (mut times, mut costs) = (Vec::new(), Vec::new());
    for task in tasks.filter(|task| task.workspace == *workspace) {
        for attempt in task.attempts.iter().filter(|attempt| attempt.agent == *agent) {
            let cost = attempt.cost.unwrap_or_default().0;
            stats.cost_micros += cost;
            if let Some(ended) = attempt.ended {
                times.push(ended.0.saturating_sub(attempt.started.0));
                costs.push(cost);
            }
        }
        if task.wanted.agent.as_ref() == Some(agent) && matches!(task.state, State::Queued { .. }) {
            stats.queued += 1;
        }
        if task.last().is_some_and(|attempt| attempt.agent == *agent) {
            stats.tasks += 1;
            stats.good += u32::from(task.state.is_good());
            stats.bad += u32::from(matches!(task.state, State::Failed { .. }));
            stats.running += u32::from(task.state == State::Running);
        }
    }
    stats.median_ms = median(times);
    stats.median_micros = median(costs);
    stats
}

fn median(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}
