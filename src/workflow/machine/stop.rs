//! Cancelling: what has not begun is dropped, what runs is ended, and nothing is left.

use super::Machine;
use crate::workflow::run::{Class, Event, InstanceId, Phase, State};

impl Machine<'_> {
    /// The run goes no further. Asked once more while the steps at its end run, these end too.
    pub(super) fn cancel(&mut self, by: String, state: State) {
        if self.run.state.is_over() {
            return;
        }
        let again = self.run.cancelled.is_some();
        if again && !self.run.finally {
            return;
        }
        let why = format!("cancelled: {by}");
        if !again {
            self.emit(Event::CancelAsked { by, state });
        }
        if self.run.state == State::Queued {
            return self.emit(Event::Finished { state, outputs: None });
        }
        for at in 0..self.run.instances.len() as InstanceId {
            self.drop_one(at, &why);
        }
        self.follow_up();
        self.finish_if_over();
    }

    fn drop_one(&mut self, at: InstanceId, why: &str) {
        match self.run.get(at).phase {
            Phase::Running => self.stop_one(at, Class::Cancelled),
            Phase::Blocked | Phase::Ready | Phase::Waiting(_) | Phase::Held(_) => {
                self.emit(Event::Dropped { at, why: why.to_owned() });
            }
            // It ends with what is inside of it.
            Phase::Open => (),
            Phase::Done | Phase::Failed | Phase::Skipped | Phase::Cancelled => (),
        }
    }

    pub(super) fn stop_one(&mut self, at: InstanceId, class: Class) {
        if self.run.get(at).ending != Some(class) {
            self.emit(Event::Stopping { at, class });
        }
    }
}
