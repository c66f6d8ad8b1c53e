//! What comes from outside of a life: a daemon that came back, a person who forgives, a schedule, a
//! stop that does not end.

use super::{
    input::{Effect, Stepper, Told},
    state::{Desired, Ended, How, Phase, StopWhy},
};

impl Stepper<'_> {
    /// A stop that does not end. What remains of it is nobody's to wait for.
    pub(super) fn overdue(&mut self) {
        let Phase::Stopping { why, .. } = self.next.phase.clone() else { return };
        self.effect(Effect::Sweep);
        let incarnation = self.next.incarnation;
        let how = How::Unknown;
        let last = self.next.last.clone().filter(|last| last.incarnation == incarnation);
        let ended = last.unwrap_or(Ended { incarnation, how, permanent: false, left: true });
        self.next.last = Some(ended.clone());
        self.tell(Told::Straggling);
        self.stopped(why, ended);
    }

    /// Its schedule says that it is time.
    pub(super) fn due(&mut self) {
        let rests = matches!(self.next.phase, Phase::Completed(_) | Phase::Failed(_));
        if rests && self.next.desired != Desired::Down {
            self.forgive();
            self.wait();
        }
    }

    /// A person forgives all failures.
    pub(super) fn reset(&mut self) {
        self.forgive();
        match self.next.phase {
            Phase::Failed(_) | Phase::Backoff { .. } => match self.next.desired {
                Desired::Down => self.rest(),
                Desired::Up | Desired::Once => self.wait(),
            },
            Phase::Lost => {
                self.effect(Effect::Sweep);
                match self.next.desired {
                    Desired::Down => self.rest(),
                    Desired::Up | Desired::Once => self.wait(),
                }
            }
            Phase::Down
            | Phase::Waiting(_)
            | Phase::Blocked(_)
            | Phase::Preparing
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Completed(_) => (),
        }
    }

    /// A daemon that came back found the program running.
    pub(super) fn adopted(&mut self, incarnation: u32, preparing: bool) {
        // Only a person could have begun another life meanwhile: that is no restart to count.
        let same = incarnation == self.next.incarnation;
        let was_up = same && self.next.phase == Phase::Running;
        let stopping = matches!(self.next.phase, Phase::Stopping { .. });
        let started = self.next.started.filter(|_| same);
        self.begin_life(incarnation, false);
        self.next.started = started.or(self.next.started);
        if self.next.desired == Desired::Down || stopping {
            let why = match self.next.phase.clone() {
                Phase::Stopping { why, .. } => why,
                Phase::Down
                | Phase::Waiting(_)
                | Phase::Blocked(_)
                | Phase::Preparing
                | Phase::Starting
                | Phase::Running
                | Phase::Backoff { .. }
                | Phase::Completed(_)
                | Phase::Failed(_)
                | Phase::Lost => StopWhy::User,
            };
            return self.begin_stop(why);
        }
        if was_up {
            return self.still_up();
        }
        self.phase(Phase::Preparing);
        if !preparing {
            self.up_or_gate();
        }
    }

    /// A daemon that came back found no program, and no word of how it ended.
    pub(super) fn absent(&mut self) {
        match self.next.phase.clone() {
            Phase::Preparing | Phase::Starting | Phase::Running | Phase::Stopping { .. } => {
                match self.next.desired {
                    Desired::Down => self.rest(),
                    Desired::Up | Desired::Once => self.wait(),
                }
            }
            Phase::Backoff { .. } | Phase::Waiting(_) | Phase::Blocked(_) => self.wait(),
            Phase::Down | Phase::Completed(_) | Phase::Failed(_) | Phase::Lost => (),
        }
    }

    /// Its lives are counted by its pane, and that is another one now.
    pub(super) fn moved(&mut self) {
        self.next.incarnation = 0;
        if let Some(last) = &mut self.next.last {
            last.incarnation = 0;
        }
    }
}
