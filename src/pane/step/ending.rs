//! How a command is stopped, and the end of all that it leaves behind.

use std::time::{Duration, Instant};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{base::step::Stop, pane::child};

/// How long processes may take to vanish after SIGKILL before the shim goes on without them.
const AFTER_KILL: Duration = Duration::from_secs(2);
/// How often it is looked for processes that were made while the others were being killed.
const AGAIN: Duration = Duration::from_millis(50);

/// An end under way.
pub(super) struct Ending {
    signal: i32,
    until: Instant,
    killed: bool,
}

/// What is to be done for an end.
#[derive(PartialEq, Eq)]
pub(super) enum Next {
    Wait,
    Kill,
    /// They do not die.
    GiveUp,
}

impl Ending {
    /// The program is told.
    pub(super) fn of_program(program: Pid, stop: Stop) -> Self {
        child::send(program, stop.signal, true);
        // One that is held does not hear.
        child::send(program, libc::SIGCONT, true);
        Self::new(stop)
    }

    /// The program has ended: what it left is told.
    pub(super) fn of_the_rest(stop: Stop) -> Self {
        let ending = Self::new(stop);
        ending.reach_all();
        ending
    }

    fn new(stop: Stop) -> Self {
        let grace = if stop.signal == libc::SIGKILL { 0 } else { stop.grace_ms };
        let until = Instant::now() + Duration::from_millis(grace);
        Self { signal: stop.signal, until, killed: false }
    }

    /// Tells every process below, those too that left the group of the program.
    pub(super) fn reach_all(&self) {
        for pid in child::descendants() {
            child::send(pid, self.signal, false);
            child::send(pid, libc::SIGCONT, false);
        }
    }

    pub(super) fn next(&self, now: Instant) -> Next {
        match (now >= self.until, now >= self.until + AFTER_KILL) {
            (false, _) => Next::Wait,
            (true, true) if self.killed => Next::GiveUp,
            (true, _) => Next::Kill,
        }
    }

    pub(super) fn kill(&mut self) {
        self.killed = true;
        for pid in child::descendants() {
            child::send(pid, libc::SIGKILL, false);
        }
    }

    pub(super) fn patience(&self, now: Instant) -> Duration {
        if self.killed { AGAIN } else { self.until.saturating_duration_since(now) }
    }
}

/// The children of this process.
pub(super) fn children() -> Vec<Pid> {
    child::children()
}

/// Kills a process and all below it.
pub(super) fn kill_tree(pid: Pid) {
    for pid in child::below(pid) {
        let _ = kill(pid, Signal::SIGKILL);
    }
    let _ = kill(pid, Signal::SIGKILL);
}
