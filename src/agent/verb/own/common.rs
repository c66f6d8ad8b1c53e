use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{actor::Handle, id::TaskId, model::Agent, record::TaskRecord},
    base::{Code, Refusal, UnitId},
    verb::{Here, Who},
};

/// Who asks: the kernel says so for agents; a person's words are taken as they are.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Own {
    /// The pane of whoever asks
    #[arg(skip)]
    #[serde(default)]
    unit: Option<UnitId>,
}

impl Own {
    /// Completes itself on the caller's side.
    pub(super) fn prepare(&mut self, here: &Here) {
        self.unit = here.env.get("GAIA_PANE_ID").and_then(|id| id.parse().ok());
    }

    /// Completes itself on the daemon's side.
    pub(super) fn admit(&mut self, who: &Who) {
        if let Who::Agent(unit) = who {
            self.unit = Some(unit.clone());
        }
    }

    /// The task of whoever asks.
    pub(super) fn task(&self, handle: &Handle) -> Result<TaskRecord, Refusal> {
        let sessions = &handle.world().sessions;
        let name = self.unit.as_ref().and_then(|unit| sessions.task_of(unit));
        let id = name.as_deref().and_then(|name| name.split('.').next()?.parse::<TaskId>().ok());
        match id {
            Some(id) => handle.task(id),
            None => Err(Refusal::new(Code::Invalid, "only an agent can ask this, in its own pane")
                .help("people ask `gaia task`, `gaia agent` and `gaia inbox`")),
        }
    }

    /// The definition of the agent that asks.
    pub(super) fn agent(&self, handle: &Handle, task: &TaskRecord) -> Result<Agent, Refusal> {
        let view = handle.view();
        let crew = view.crews.get(&task.workspace);
        let name = task.last().map(|attempt| attempt.agent.clone());
        let mut agents = crew.into_iter().flat_map(|crew| &crew.agents);
        let found = agents.find(|agent| Some(&agent.name) == name.as_ref());
        found
            .cloned()
            .ok_or_else(|| Refusal::new(Code::NotFound, "its agent is not declared any more"))
    }
}

/// Nothing more to say.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Nothing {}
