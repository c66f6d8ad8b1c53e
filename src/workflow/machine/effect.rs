//! What is to be done in the world for what happened. All of it may be done twice.

use crate::workflow::run::{Class, Event, InstanceId, Phase, Run};

/// Something to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// An attempt is made, or gone on with if it was made already.
    Attempt(InstanceId),
    /// Whoever works on an attempt is asked for other outputs.
    AskAgain(InstanceId),
    /// An attempt is ended.
    Stop(InstanceId),
    /// A person is asked what becomes of one that is held.
    Hold(InstanceId),
    /// A person is asked whether the run may cost more.
    Budget,
    /// Nobody needs an answer about this one any more.
    Release(InstanceId),
    /// The run is over.
    Over,
}

/// What is to be done for these events.
pub(crate) fn effects(events: &[Event]) -> Vec<Effect> {
    let mut all = Vec::new();
    for event in events {
        match event {
            Event::Intended { at, .. } => all.push(Effect::Attempt(*at)),
            Event::AskedAgain { at, .. } => all.push(Effect::AskAgain(*at)),
            Event::Stopping { at, .. } => all.push(Effect::Stop(*at)),
            Event::Held { at, .. } => all.push(Effect::Hold(*at)),
            Event::OverBudget { .. } => all.push(Effect::Budget),
            Event::Dropped { at, .. } => all.push(Effect::Release(*at)),
            Event::Finished { .. } => all.push(Effect::Over),
            Event::Began
            | Event::Linked { .. }
            | Event::Opened { .. }
            | Event::Expanded { .. }
            | Event::Repeated { .. }
            | Event::Ended { .. }
            | Event::Waits { .. }
            | Event::Done { .. }
            | Event::Failed { .. }
            | Event::Skipped { .. }
            | Event::CancelAsked { .. }
            | Event::Waived
            | Event::Paused { .. }
            | Event::Finally
            | Event::Reset { .. } => (),
        }
    }
    all
}

/// What is to be done for a run that was found again.
pub(crate) fn outstanding(run: &Run) -> Vec<Effect> {
    let mut all = Vec::new();
    for at in run.active.iter().copied() {
        let instance = run.get(at);
        match instance.phase {
            Phase::Running => {
                all.push(Effect::Attempt(at));
                if instance.asks > 0 {
                    all.push(Effect::AskAgain(at));
                }
                if let Some(Class::Cancelled | Class::Timeout) = instance.ending {
                    all.push(Effect::Stop(at));
                }
            }
            Phase::Held(_) => all.push(Effect::Hold(at)),
            Phase::Waiting(_)
            | Phase::Blocked
            | Phase::Ready
            | Phase::Open
            | Phase::Done
            | Phase::Failed
            | Phase::Skipped
            | Phase::Cancelled => (),
        }
    }
    if run.over_budget.is_some() {
        all.push(Effect::Budget);
    }
    all
}
