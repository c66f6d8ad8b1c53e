//! One poll over everything the shim listens to.

use std::{
    os::fd::{AsFd, BorrowedFd},
    time::Instant,
};

use nix::poll::{PollFd, PollFlags, poll};

use super::{conn::MAX_PENDING, life::Phase, shim::Shim};

/// What is ready after a wait.
#[derive(Default)]
pub(super) struct Ready {
    pub(super) signals: bool,
    pub(super) program: bool,
    pub(super) program_takes: bool,
    pub(super) keys: bool,
    pub(super) pane_takes: bool,
    pub(super) caller: bool,
    pub(super) conns: Vec<usize>,
}

impl Shim {
    /// Waits until something is ready, or something waits for the clock.
    pub(super) fn wait(&mut self, now: Instant) -> Ready {
        let timeout = self.patience(now);
        let has_room = self.outer.as_mut().is_none_or(|outer| outer.has_room(now));
        let mut slots: Vec<(BorrowedFd<'_>, PollFlags, Slot)> = vec![
            (self.signals.as_fd(), PollFlags::POLLIN, Slot::Signals),
            (self.listener.as_fd(), PollFlags::POLLIN, Slot::Caller),
        ];
        if let Some(child) = &self.child {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::POLLIN, has_room && self.phase != Phase::Running { closed: true });
            flags.set(PollFlags::POLLOUT, !self.typed.is_empty());
            if !flags.is_empty() {
                slots.push((child.master.as_fd(), flags, Slot::Program));
            }
        }
        if let Some(outer) = &self.outer {
            let mut flags = PollFlags::POLLIN;
            flags.set(PollFlags::POLLOUT, outer.waits() || outer.behind);
            slots.push((outer.input(), flags, Slot::Pane));
        }
        let pending: usize = self.typed.iter().map(|typed| typed.bytes.len() - typed.written).sum();
        for (at, conn) in self.conns.iter().enumerate() {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::POLLIN, pending < MAX_PENDING);
            flags.set(PollFlags::POLLOUT, conn.waits());
            slots.push((conn.fd(), flags, Slot::Conn(at)));
        }
        let mut fds: Vec<PollFd<'_>> =
            slots.iter().map(|(fd, flags, _)| PollFd::new(*fd, *flags)).collect();
        let _ = poll(&mut fds, timeout);
        let mut ready = Ready::default();
        for (fd, (_, _, slot)) in fds.iter().zip(&slots) {
            ready.note(*slot, fd.revents().unwrap_or(PollFlags::empty()));
        }
        ready
    }
}

#[derive(Clone, Copy)]
enum Slot {
    Signals,
    Caller,
    Program,
    Pane,
    Conn(usize),
}

impl Ready {
    fn note(&mut self, slot: Slot, seen: PollFlags) {
        let reads = seen.intersects(PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR);
        let takes = seen.contains(PollFlags::POLLOUT);
        match slot {
            Slot::Signals => self.signals = reads,
            Slot::Caller => self.caller = reads,
            Slot::Program => (self.program, self.program_takes) = (reads, takes),
            Slot::Pane => (self.keys, self.pane_takes) = (reads, takes),
            Slot::Conn(at) if reads => self.conns.push(at),
            Slot::Conn(_) => (),
        }
    }
}
