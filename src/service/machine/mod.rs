//! All choices of one service: what every report and every wish means in every phase.
//!
//! Pure. Three axes that are never mixed: what is wanted ([`Desired`]), how far it is ([`Phase`])
//! and how it feels ([`Health`]). Every report is about an incarnation; those about an earlier one
//! change nothing. The transition table is a snapshot (`tests`), the promises of supervision.md
//! §3.8 are properties.
#![deny(clippy::wildcard_enum_match_arm)]

mod again;
mod end;
mod health;
mod input;
mod state;

pub(crate) use end::{backoff_ms, ended_well};
pub(crate) use health::{Answer, CheckRule};
pub(crate) use input::{By, Cause, Conditions, Effect, Input, Now, Rules, Step, Timer, Told};
pub(crate) use state::{Desired, Ended, Health, How, Phase, State, StopWhy, Why};

use end::after_end;
use input::Stepper;

/// What one input means: the next state, what is to be done, what is to be told.
pub(crate) fn decide(rules: &Rules, state: &State, input: Input, now: Now) -> Step {
    let mut step = Stepper::new(rules, state, now);
    match input {
        Input::Start { once, by } => step.start(once, by),
        Input::Stop { by } => step.stop(by),
        Input::Restart(cause) => step.restart(cause),
        Input::Conditions(conditions) => step.conditions(conditions),
        Input::Prepared => step.prepared(),
        Input::Unprepared { why, permanent } => step.unprepared(why, permanent),
        Input::Started { incarnation, preparing } => step.started(incarnation, preparing),
        Input::Exited(ended) => step.exited(ended),
        Input::Emptied { incarnation } => step.emptied(incarnation),
        Input::Lost { incarnation } => step.lost(incarnation),
        Input::Answered { incarnation, check, answer } => {
            step.answered(incarnation, check, answer);
        }
        Input::Extend { incarnation, ms } => step.extend(incarnation, ms),
        Input::Breached { incarnation, what } => step.breached(incarnation, what),
        Input::Woke(timer) => step.woke(timer),
        Input::Due => step.due(),
        Input::Reset => step.reset(),
        Input::Adopted { incarnation, preparing } => step.adopted(incarnation, preparing),
        Input::Absent => step.absent(),
        Input::Moved => step.moved(),
        Input::Redefined => step.redefined(),
    }
    step.done()
}

impl Stepper<'_> {
    /// Somebody wants it up.
    fn start(&mut self, once: bool, by: By) {
        self.next.desired = if once { Desired::Once } else { Desired::Up };
        self.next.by = by;
        match &self.next.phase {
            Phase::Down | Phase::Completed(_) | Phase::Failed(_) => {
                self.forgive();
                self.wait();
            }
            Phase::Backoff { .. } => {
                self.forgive();
                self.wait();
            }
            Phase::Stopping { why: StopWhy::User, .. } => self.stop_because(StopWhy::Restart),
            Phase::Stopping { .. }
            | Phase::Waiting(_)
            | Phase::Blocked(_)
            | Phase::Preparing
            | Phase::Starting
            | Phase::Running
            | Phase::Lost => (),
        }
    }

    /// Somebody wants it down. A second wish while it stops does not wait for its grace time.
    fn stop(&mut self, by: By) {
        self.next.desired = Desired::Down;
        self.next.by = by;
        match self.next.phase.clone() {
            Phase::Down => (),
            Phase::Waiting(_)
            | Phase::Blocked(_)
            | Phase::Backoff { .. }
            | Phase::Completed(_)
            | Phase::Failed(_) => self.rest(),
            Phase::Preparing | Phase::Starting | Phase::Running => {
                self.begin_stop(StopWhy::User);
            }
            Phase::Stopping { why: StopWhy::User, .. } => self.effect(Effect::Stop { kill: true }),
            Phase::Stopping { .. } => self.stop_because(StopWhy::User),
            Phase::Lost => {
                self.effect(Effect::Sweep);
                self.rest();
            }
        }
    }

    fn restart(&mut self, cause: Cause) {
        let wanted = self.next.desired != Desired::Down;
        match self.next.phase.clone() {
            Phase::Down if cause == Cause::User => self.start(false, By::Operator),
            // Files and dependencies wake what is wanted and rests; they start nothing else.
            Phase::Down | Phase::Lost => (),
            Phase::Completed(_) | Phase::Failed(_) | Phase::Backoff { .. } if wanted => {
                self.forgive();
                self.wait();
            }
            Phase::Completed(_) | Phase::Failed(_) | Phase::Backoff { .. } => (),
            Phase::Waiting(_) | Phase::Blocked(_) => (),
            Phase::Preparing | Phase::Starting | Phase::Running => {
                self.begin_stop(StopWhy::Restart);
            }
            Phase::Stopping { why: StopWhy::User, .. } if cause == Cause::User => {
                self.next.desired = Desired::Up;
                self.stop_because(StopWhy::Restart);
            }
            Phase::Stopping { why: StopWhy::User | StopWhy::Restart, .. } => (),
            Phase::Stopping { .. } => self.stop_because(StopWhy::Restart),
        }
    }

    fn conditions(&mut self, conditions: Conditions) {
        match self.next.phase {
            Phase::Waiting(_) | Phase::Blocked(_) => match conditions {
                Conditions::Met => {
                    self.phase(Phase::Preparing);
                    self.effect(Effect::Prepare);
                }
                Conditions::Unmet(unmet) => self.phase(Phase::Waiting(unmet)),
                Conditions::Blocked(by) => self.phase(Phase::Blocked(by)),
            },
            Phase::Down
            | Phase::Preparing
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Backoff { .. }
            | Phase::Completed(_)
            | Phase::Failed(_)
            | Phase::Lost => (),
        }
    }

    fn prepared(&mut self) {
        if self.next.phase == Phase::Preparing {
            self.effect(Effect::Spawn);
            self.watch_prepare();
        }
    }

    fn unprepared(&mut self, why: String, permanent: bool) {
        if self.next.phase != Phase::Preparing {
            return;
        }
        let incarnation = self.next.incarnation;
        let ended = Ended { incarnation, how: How::NotStarted(why), permanent, left: false };
        self.next.last = Some(ended.clone());
        self.tell(Told::Exited(ended.clone()));
        after_end(self, ended);
    }

    /// A new incarnation runs; `preparing` while it is still its `pre_start` commands.
    fn started(&mut self, incarnation: u32, preparing: bool) {
        let newer = incarnation > self.next.incarnation;
        if incarnation < self.next.incarnation {
            return;
        }
        match self.next.phase.clone() {
            Phase::Preparing => {
                self.begin_life(incarnation, newer);
                if !preparing {
                    self.up_or_gate();
                } else if newer {
                    self.watch_prepare();
                }
            }
            Phase::Stopping { .. } => self.next.incarnation = incarnation,
            // A person ran it from its pane: that is a start like any other.
            Phase::Down
            | Phase::Waiting(_)
            | Phase::Blocked(_)
            | Phase::Backoff { .. }
            | Phase::Completed(_)
            | Phase::Failed(_)
            | Phase::Lost
                if newer =>
            {
                self.next.desired = Desired::Up;
                self.next.by = By::Operator;
                self.forgive();
                self.begin_life(incarnation, newer);
                self.phase(Phase::Preparing);
                if !preparing {
                    self.up_or_gate();
                }
            }
            Phase::Starting | Phase::Running if newer => {
                self.begin_life(incarnation, newer);
                self.up_or_gate();
            }
            Phase::Down
            | Phase::Waiting(_)
            | Phase::Blocked(_)
            | Phase::Backoff { .. }
            | Phase::Completed(_)
            | Phase::Failed(_)
            | Phase::Lost
            | Phase::Starting
            | Phase::Running => (),
        }
    }

    fn exited(&mut self, ended: Ended) {
        let stale = ended.incarnation < self.next.incarnation;
        let seen = self.next.last.as_ref().is_some_and(|l| l.incarnation >= ended.incarnation);
        if stale || (seen && ended.incarnation != 0) {
            return;
        }
        self.next.incarnation = ended.incarnation;
        match self.next.phase.clone() {
            Phase::Preparing | Phase::Starting | Phase::Running | Phase::Lost => {
                self.next.last = Some(ended.clone());
                self.tell(Told::Exited(ended.clone()));
                match ended.left {
                    // What it left behind is ended first: the next one may want its port.
                    true => self.begin_sweep(ended),
                    false => after_end(self, ended),
                }
            }
            Phase::Stopping { why, .. } => {
                let ended = Ended { how: why.of(ended.how.clone()), ..ended };
                self.next.last = Some(ended.clone());
                self.tell(Told::Exited(ended.clone()));
                if !ended.left {
                    self.stopped(why, ended);
                }
            }
            Phase::Down
            | Phase::Waiting(_)
            | Phase::Blocked(_)
            | Phase::Backoff { .. }
            | Phase::Completed(_)
            | Phase::Failed(_) => self.next.last = Some(ended),
        }
    }

    /// Nothing of the incarnation is left.
    fn emptied(&mut self, incarnation: u32) {
        let Phase::Stopping { why, .. } = self.next.phase.clone() else { return };
        if incarnation != self.next.incarnation {
            return;
        }
        // One that was stopped before it ran has no end of its own.
        let last = self.next.last.clone().filter(|last| last.incarnation == incarnation);
        let how = How::Stopped(None, None);
        let none = Ended { incarnation, how, permanent: false, left: false };
        self.stopped(why, last.unwrap_or(none));
    }

    /// It stopped, all of it: what was this for?
    pub(super) fn stopped(&mut self, why: StopWhy, ended: Ended) {
        match why {
            StopWhy::User => self.rest(),
            StopWhy::Restart if self.next.desired == Desired::Down => self.rest(),
            StopWhy::Restart => self.wait(),
            StopWhy::Sweep => after_end(self, ended),
            StopWhy::StartTimeout | StopWhy::Unhealthy(_) | StopWhy::Limit(_) => {
                let how = why.of(ended.how);
                after_end(self, Ended { how, ..ended });
            }
        }
    }

    fn lost(&mut self, incarnation: u32) {
        if incarnation == self.next.incarnation && self.next.phase.has_process() {
            self.next.health = Health::Unknown;
            self.phase(Phase::Lost);
            self.tell(Told::Lost);
        }
    }

    fn extend(&mut self, incarnation: u32, ms: u64) {
        if incarnation == self.next.incarnation && self.next.phase == Phase::Starting {
            self.next.deadline += 1;
            let timer = Timer::Deadline(incarnation, self.next.deadline);
            self.effect(Effect::Wake(timer, ms));
        }
    }

    fn breached(&mut self, incarnation: u32, what: String) {
        let up = matches!(self.next.phase, Phase::Starting | Phase::Running);
        if incarnation == self.next.incarnation && up {
            self.begin_stop(StopWhy::Limit(what));
        }
    }

    fn woke(&mut self, timer: Timer) {
        let life = self.next.incarnation;
        match timer {
            Timer::Prepare(number) => {
                let waits = matches!(self.next.phase, Phase::Preparing);
                if waits && number == self.next.deadline {
                    self.begin_stop(StopWhy::StartTimeout);
                }
            }
            Timer::Deadline(incarnation, number) => {
                let starting = self.next.phase == Phase::Starting;
                if starting && incarnation == life && number == self.next.deadline {
                    self.begin_stop(StopWhy::StartTimeout);
                }
            }
            Timer::Backoff(number) => {
                if matches!(self.next.phase, Phase::Backoff { .. }) && number == self.next.pauses {
                    self.wait();
                }
            }
            Timer::Stable(number) => {
                if self.next.phase == Phase::Running && number == self.next.stable {
                    self.forgive();
                }
            }
            Timer::Stop(number) => {
                if matches!(self.next.phase, Phase::Stopping { .. }) && number == self.next.stops {
                    self.overdue();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
