//! What is due, and when to look again.

use super::Machine;
use crate::{
    base::Moment,
    workflow::{
        model::{Kind, Wait},
        run::{Class, InstanceId, Phase, Role, Run, State},
    },
};

impl Machine<'_> {
    /// Takes up whatever is due.
    pub(super) fn wake(&mut self) {
        if self.run.state != State::Running {
            return;
        }
        let late = run_deadline(self.run).is_some_and(|until| until <= self.now);
        if late && self.run.cancelled.is_none() {
            self.cancel("its `timeout`".to_owned(), State::Failed);
        }
        for at in self.run.active.clone() {
            match self.run.get(at).phase {
                Phase::Waiting(until) if until <= self.now => {
                    self.run.enter(at, Phase::Ready, self.now);
                }
                Phase::Running => {
                    let late = deadline(self.run, at).is_some_and(|until| until <= self.now);
                    if late && self.run.get(at).ending.is_none() {
                        self.stop_one(at, Class::Timeout);
                    }
                }
                Phase::Waiting(_)
                | Phase::Held(_)
                | Phase::Blocked
                | Phase::Ready
                | Phase::Open
                | Phase::Done
                | Phase::Failed
                | Phase::Skipped
                | Phase::Cancelled => (),
            }
        }
    }

    /// Who is ready is no event: after a restart it is found out once more.
    pub(super) fn recover(&mut self) {
        if self.run.state != State::Running {
            return;
        }
        let mut todo: Vec<InstanceId> =
            self.run.top.iter().chain(&self.run.last).copied().collect();
        self.consider_all(&todo.clone());
        while let Some(at) = todo.pop() {
            if self.run.get(at).phase != Phase::Open {
                continue;
            }
            let children = self.run.get(at).children.clone();
            let list = children
                .first()
                .is_some_and(|child| matches!(self.run.get(*child).role, Role::Item { .. }));
            if list {
                self.feed(at)
            } else {
                self.consider_all(&children)
            }
            todo.extend(children);
        }
    }
}

/// Until when a run may take.
fn run_deadline(run: &Run) -> Option<Moment> {
    let span = run.plan.definition.timeout_ms?;
    Some(Moment(run.since?.0.saturating_add(span)))
}

/// Until when an attempt may take. What waits for a person or a run of its own ends it itself.
fn deadline(run: &Run, at: InstanceId) -> Option<Moment> {
    let (step, since) = (run.step_of(at), run.get(at).since?);
    let span = match &step.kind {
        // Nobody answers in time: the inbox gives the default.
        Kind::Approval(_) | Kind::Question(_) | Kind::Group { .. } => return None,
        Kind::Wait(Wait::Span(_) | Wait::Until(_))
        | Kind::Wait(Wait::Fact { .. })
        | Kind::Run(_)
        | Kind::Agent(_)
        | Kind::Workflow { .. }
        | Kind::Service { .. }
        | Kind::Land { .. }
        | Kind::Notify { .. }
        | Kind::Learn { .. } => step.timeout_ms?,
    };
    Some(Moment(since.0.saturating_add(span)))
}

/// When a run wants to be woken next.
pub(crate) fn next_wake(run: &Run) -> Option<Moment> {
    if run.state != State::Running {
        return None;
    }
    let own = run_deadline(run).filter(|_| run.cancelled.is_none());
    let of = |id: &InstanceId| match run.get(*id).phase {
        Phase::Waiting(until) => Some(until),
        Phase::Running if run.get(*id).ending.is_none() => deadline(run, *id),
        Phase::Running
        | Phase::Held(_)
        | Phase::Blocked
        | Phase::Ready
        | Phase::Open
        | Phase::Done
        | Phase::Failed
        | Phase::Skipped
        | Phase::Cancelled => None,
    };
    run.active.iter().filter_map(of).chain(own).min()
}
