//! The end of a program and of everything it started.

use std::time::{Duration, Instant};

use super::{
    child,
    life::{Death, Phase},
    shim::Shim,
};
use crate::base::{unit::Reason, wire::Tell};

/// A stop under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stopping {
    until: Instant,
    killed: bool,
    pub(super) reason: Reason,
    then: Then,
    /// Those that left the group of a service have had the signal too.
    reached: bool,
}

/// What follows a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    Leave,
    Start,
}

/// How long processes may take to vanish after SIGKILL before the shim goes on without them.
const AFTER_KILL: Duration = Duration::from_secs(2);

impl Stopping {
    /// How long the loop may wait for it.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        match self.killed {
            true => AFTER_KILL / 10,
            false => self.until.saturating_duration_since(now),
        }
    }
}

impl Shim {
    /// Ends the program and all it left behind, then does what follows.
    pub(super) fn stop(
        &mut self,
        reason: Reason,
        grace: Duration,
        then: Then,
        signal: Option<i32>,
    ) {
        let signal = signal.unwrap_or(self.spec.stop.signal);
        self.signal_program(signal);
        let until = Instant::now() + grace;
        let reached = !self.spec.supervised || !self.phase.runs();
        if reached {
            self.reach_all(signal);
        }
        self.stopping = Some(Stopping { until, killed: false, reason, then, reached });
    }

    /// The program has ended by itself: what it left behind is ended too.
    pub(super) fn end_rest(&mut self) {
        let grace = Duration::from_millis(self.spec.stop.grace_ms);
        self.stop(Reason::Exited, grace, Then::Stay, None);
    }

    /// Signals every process below, the group of the program excepted: that has had it.
    fn reach_all(&self, signal: i32) {
        let program = self.child.as_ref().map(|child| child.pid);
        for pid in child::descendants() {
            if Some(pid) != program {
                child::send(pid, signal, false);
            }
            if child::is_interactive_shell(pid) {
                child::send(pid, libc::SIGHUP, false);
            }
        }
    }

    /// Ends the unit for good, by its own stop rule.
    pub(super) fn end_unit(&mut self, reason: Reason) {
        let grace = Duration::from_millis(self.spec.stop.grace_ms);
        self.stop(reason, grace, Then::Leave, None);
    }

    /// Looks how far a stop is.
    pub(super) fn pursue_stop(&mut self, now: Instant) {
        let Some(stop) = self.stopping.clone() else { return };
        let ended = !self.phase.runs();
        if !ended && now < stop.until {
            return;
        }
        let alive = child::descendants();
        let late = stop.killed && now >= stop.until + AFTER_KILL;
        if late && !ended {
            // Its death was never told: it must not be waited for any longer.
            self.reap();
            if self.phase.runs() {
                self.put_to_rest(Death { code: None, signal: Some(libc::SIGKILL), core: false });
            }
            return;
        }
        if ended && (alive.is_empty() || late) {
            self.stopping = None;
            let incarnation = self.claim.incarnation;
            if alive.is_empty() {
                self.tell_all(&Tell::Empty { incarnation });
            }
            return self.follow_stop(stop.then);
        }
        if now >= stop.until {
            for pid in &alive {
                child::send(*pid, libc::SIGKILL, false);
            }
            self.stopping = Some(Stopping { killed: true, ..stop });
        } else if !stop.reached {
            // The group has ended: those that left it get their chance as well.
            self.reach_all(self.spec.stop.signal);
            self.stopping = Some(Stopping { reached: true, ..stop });
        }
    }

    /// Whether nothing will follow what is under way now.
    pub(super) fn is_leaving(&self) -> bool {
        let stops = self.stopping.as_ref().is_some_and(|stop| stop.then == Then::Leave);
        stops || self.phase == Phase::Over
    }

    fn follow_stop(&mut self, then: Then) {
        match then {
            Then::Leave => self.phase = Phase::Over,
            Then::Start => self.start(),
            Then::Stay => self.after_exit(),
        }
    }
}
