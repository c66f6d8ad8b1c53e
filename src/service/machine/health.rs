//! What answers of probes mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Stepper,
    input::{Effect, Timer, Told},
    state::{Health, Phase, StopWhy},
};
use crate::service::probe::Role;

/// Answers in a row that a probe could not be asked, after which nobody knows how a service is.
const BLIND: u32 = 10;

/// What the machine has to know of one probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CheckRule {
    /// Who it speaks for.
    pub(crate) role: Role,
    /// Bad answers in a row that count.
    pub(crate) failures: u32,
    /// Good answers in a row that count.
    pub(crate) successes: u32,
    /// Milliseconds after the start in which bad answers do not count.
    pub(crate) start_period_ms: u64,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// As wanted.
    Good,
    /// Not as wanted.
    Bad(String),
    /// The question could not be asked.
    Unasked(String),
}

/// What one probe has answered in this incarnation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Counter {
    /// Whether it counts as good; `None` before it was told apart.
    pub(crate) good: Option<bool>,
    /// Good answers in a row.
    pub(crate) successes: u32,
    /// Bad answers in a row.
    pub(crate) failures: u32,
    /// Times in a row that it could not be asked.
    pub(crate) unasked: u32,
}

impl Stepper<'_> {
    /// The role whose probes say that a start is done.
    fn gate(&self) -> Option<Role> {
        let has = |role: Role| self.rules.checks.iter().any(|check| check.role == role);
        [Role::Startup, Role::Ready].into_iter().find(|role| has(*role))
    }

    fn all_good(&self, role: Role) -> bool {
        let of = self.rules.checks.iter().zip(&self.next.checks);
        of.filter(|(rule, _)| rule.role == role).all(|(_, counter)| counter.good == Some(true))
    }

    /// The program runs: wait for its gate, or be up at once.
    pub(super) fn up_or_gate(&mut self) {
        if self.gate().is_none() {
            return self.up();
        }
        self.next.health = Health::Starting;
        self.phase(Phase::Starting);
        self.next.deadline += 1;
        let timer = Timer::Deadline(self.next.incarnation, self.next.deadline);
        self.effect(Effect::Wake(timer, self.rules.start_ms));
    }

    fn up(&mut self) {
        self.phase(Phase::Running);
        self.effect(Effect::Up);
        match self.gate() {
            // Nothing tells how it feels; being alive is what its stable time counts by.
            None => self.begin_stable(),
            Some(_) if self.all_good(Role::Ready) => self.ready(),
            Some(_) => self.next.health = Health::Starting,
        }
    }

    /// Other probes are asked from now on, or none: what nobody asks holds nothing up.
    pub(super) fn redefined(&mut self) {
        self.next.checks = vec![Counter::default(); self.rules.checks.len()];
        let asked = self.rules.checks.iter().any(|check| check.role == Role::Ready);
        match (&self.next.phase, self.gate()) {
            (Phase::Starting, None) => {
                self.next.health = Health::Unknown;
                self.up();
            }
            (Phase::Running, None) => self.next.health = Health::Unknown,
            (Phase::Running, Some(_)) if !asked => self.next.health = Health::Ready,
            _ => (),
        }
    }

    /// It was up before a daemon came back: it has passed its gate, and its probes are asked again.
    pub(super) fn still_up(&mut self) {
        if self.gate().is_none() {
            self.begin_stable();
        }
    }

    fn ready(&mut self) {
        let before = self.next.ready.is_some() && self.next.ready >= self.next.started;
        let first = match self.next.health {
            Health::Starting => true,
            Health::Unknown => !before,
            Health::Ready | Health::NotReady { .. } => false,
        };
        if first {
            self.next.ready = Some(self.now.at);
        }
        self.next.health = Health::Ready;
        self.tell(Told::Ready);
        self.begin_stable();
    }

    fn begin_stable(&mut self) {
        self.next.stable += 1;
        if self.next.attempt > 0 || !self.next.ledger.is_empty() {
            let timer = Timer::Stable(self.next.stable);
            self.effect(Effect::Wake(timer, self.rules.restart.stable_ms));
        }
    }

    /// A probe was answered.
    pub(super) fn answered(&mut self, incarnation: u32, check: usize, answer: Answer) {
        let up = matches!(self.next.phase, Phase::Starting | Phase::Running);
        let Some(rule) = self.rules.checks.get(check).copied() else { return };
        if !up || incarnation != self.next.incarnation || check >= self.next.checks.len() {
            return;
        }
        let since = self.next.started.unwrap_or(self.now.at);
        let early = self.now.at.0.saturating_sub(since.0) < rule.start_period_ms;
        let counter = &mut self.next.checks[check];
        let mut error = String::new();
        match answer {
            Answer::Good => {
                counter.successes = counter.successes.saturating_add(1);
                (counter.failures, counter.unasked) = (0, 0);
                if counter.successes >= rule.successes {
                    counter.good = Some(true);
                }
            }
            Answer::Bad(_) if early && counter.good.is_none() => return,
            Answer::Bad(why) => {
                counter.failures = counter.failures.saturating_add(1);
                (counter.successes, counter.unasked) = (0, 0);
                error = why;
                if counter.failures >= rule.failures {
                    counter.good = Some(false);
                }
            }
            Answer::Unasked(why) => {
                counter.unasked = counter.unasked.saturating_add(1);
                if counter.unasked == BLIND && self.next.phase == Phase::Running {
                    self.next.health = Health::Unknown;
                    self.tell(Told::Unprobed(why));
                }
                return;
            }
        }
        self.weigh(rule.role, check, error);
    }

    /// What the answers so far mean.
    fn weigh(&mut self, role: Role, check: usize, error: String) {
        let bad = self.next.checks[check].good == Some(false);
        match (&self.next.phase, role) {
            (Phase::Starting, role) if Some(role) == self.gate() && self.all_good(role) => {
                self.up();
            }
            (Phase::Running, Role::Ready) => match (bad, self.next.health.clone()) {
                (true, Health::Ready | Health::Unknown) => self.unready(error),
                (false, Health::Starting | Health::Unknown | Health::NotReady { .. })
                    if self.all_good(Role::Ready) =>
                {
                    self.ready();
                }
                _ => (),
            },
            (Phase::Running, Role::Alive) if bad => self.begin_stop(StopWhy::Unhealthy(error)),
            _ => (),
        }
    }

    fn unready(&mut self, error: String) {
        self.next.stable += 1;
        self.tell(Told::Unready(error.clone()));
        if self.rules.restart.when_unready {
            return self.begin_stop(StopWhy::Unhealthy(error));
        }
        self.next.health = Health::NotReady { since: self.now.at, error };
    }
}
