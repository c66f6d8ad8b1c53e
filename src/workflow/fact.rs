//! What the ledger is told of runs. The journal of a run says more: `gaia run replay`.

use super::run::{Class, State};
use crate::{
    base::{Name, RunId},
    meter::Micros,
};

crate::facts! {
    RunCreated = "run.created", "a run of a workflow was asked for, and by what"
        { run: RunId, workflow: String, workspace: Name, trigger: String }
    RunStarted = "run.started", "a run began" { run: RunId, workflow: String, workspace: Name }
    RunFinished = "run.finished", "a run is over, and how"
        {
            run: RunId, workflow: String, workspace: Name, state: State, why: Option<String>,
            cost: Option<Micros>,
        }
    RunPaused = "run.paused", "nothing new is begun in a run, or it goes on"
        { run: RunId, paused: bool }
    RunCancelled = "run.cancelled", "a run is not wanted any more, and who said so"
        { run: RunId, by: String }
    RunRetried = "run.retried", "what did not end well in a run is done again"
        { run: RunId, workflow: String }
    StepFailed = "step.failed", "a step failed for good"
        { run: RunId, workflow: String, workspace: Name, step: String, why: String }
    StepHeld = "step.held", "a step waits for a person"
        { run: RunId, workflow: String, workspace: Name, step: String, why: String }
    AttemptFailed = "step.attempt-failed", "an attempt at a step did not end well"
        { run: RunId, step: String, attempt: u32, class: Class, why: String }
}
