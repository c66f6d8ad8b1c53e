//! What the ledger is told of triggers.

use crate::base::{Moment, Name};

crate::facts! {
    Fired = "trigger.fired", "a trigger fired: what it starts is started, or waits for its turn"
        {
            workspace: Name, trigger: Name, firing: String, by: String, slot: Option<Moment>,
            missed: u64, waits: bool,
        }
    Began = "trigger.started", "what a firing asked for was started"
        { workspace: Name, trigger: Name, firing: String, run: String }
    Over = "trigger.ended", "what a firing started has ended well, or was cancelled"
        { workspace: Name, trigger: Name, firing: String, outcome: String }
    Skipped = "trigger.skipped", "a trigger would have fired: why nothing is started"
        {
            workspace: Name, trigger: Name, why: String, firing: Option<String>,
            slot: Option<Moment>, count: u64,
        }
    Failed = "trigger.failed", "what a firing asked for could not be started, or did not end well"
        { workspace: Name, trigger: Name, firing: String, why: String }
    Switched = "trigger.switched", "a trigger fires from now on, or does no more: why"
        { workspace: Name, trigger: Name, enabled: bool, why: String }
    Rescheduled = "trigger.rescheduled", "a trigger was changed: what was missed before is forgotten"
        { workspace: Name, trigger: Name, from: String, to: String }
    ClockSetBack = "trigger.clock-set-back", "the clock was set far back: nothing fires by the clock until it is where it was"
        { by_ms: u64 }
}
