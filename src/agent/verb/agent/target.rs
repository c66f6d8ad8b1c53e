use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        id::TaskId,
        model::{Attempt, State},
        record::TaskRecord,
        verb::common::{At, task_id},
    },
    base::{Code, Refusal, UnitId, nearest},
};

/// Which agent a verb is about.
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Target {
    /// Agent (the task it does, or did last), or a task such as `t17`
    pub(super) name: String,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) at: At,
}

impl Target {
    /// The task that is meant.
    pub(super) fn task(&self, handle: &Handle) -> Result<TaskRecord, Refusal> {
        let is_task = self.name.parse::<TaskId>().is_ok();
        if is_task {
            return handle.task(task_id(&self.name)?);
        }
        let workspace = self.at.workspace(handle);
        let view = handle.view();
        let here = |task: &&std::sync::Arc<TaskRecord>| {
            workspace.as_ref().is_none_or(|workspace| task.workspace == *workspace)
        };
        let by = |attempt: &Attempt| attempt.agent.as_str() == self.name;
        let of = || view.tasks.values().filter(here).filter(|t| t.last().is_some_and(by));
        let live = of().rfind(|task| task.state == State::Running);
        if let Some(task) = live.or_else(|| of().next_back()) {
            return Ok((**task).clone());
        }
        let known = view.crews.values().flat_map(|c| c.agents.iter().map(|a| a.name.as_str()));
        let refusal = if known.clone().any(|name| name == self.name) {
            Refusal::new(Code::NotFound, format!("the agent `{}` has done no task yet", self.name))
                .help(format!(
                    "`gaia agent start {}`, or `gaia task add --agent {} …`",
                    self.name, self.name
                ))
        } else {
            let refusal =
                Refusal::new(Code::NotFound, format!("there is no agent `{}`", self.name));
            match nearest(&self.name, known) {
                Some(near) => refusal.help(format!("did you mean `{near}`?")),
                None => refusal.help("`gaia agent list` shows them"),
            }
        };
        Err(refusal)
    }

    /// The attempt that is meant and its pane.
    pub(super) fn pane(&self, handle: &Handle) -> Result<(TaskRecord, UnitId), Refusal> {
        let task = self.task(handle)?;
        let unit = task.last().and_then(|attempt| attempt.unit.clone());
        let there = unit.filter(|unit| handle.world().sessions.task_of(unit).is_some());
        match there {
            Some(unit) => Ok((task, unit)),
            None => Err(Refusal::new(Code::Failed, format!("{} has no pane now", task.id))
                .help("`gaia task show` tells how far it is")),
        }
    }
}
