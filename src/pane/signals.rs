//! What the kernel tells the shim: children that died, a new size, a pane that is gone.

use std::{
    os::fd::AsFd,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::Winsize,
    sys::signal::Signal,
};

use super::{life::Phase, outer::Outer, shim::Shim, sys};
use crate::base::{
    MarkKind,
    unit::{OnServerExit, Reason},
};

/// How long a dying tmux server may take until its pidfd says so: it closes its terminals first.
const SERVER_END: u16 = 300;

impl Shim {
    /// Takes every signal that waits.
    pub(super) fn take_signals(&mut self) {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            match Signal::try_from(signal.ssi_signo as i32) {
                Ok(Signal::SIGCHLD) => self.reap(),
                Ok(Signal::SIGHUP) => self.hang_up(),
                Ok(Signal::SIGWINCH) => {
                    if let Some(size) = self.outer.as_ref().and_then(Outer::size) {
                        self.resize(size);
                    }
                }
                Ok(other) => drop(self.signal_program(other as i32)),
                Err(_) => (),
            }
        }
    }

    /// Gives the program's terminal another size.
    pub(super) fn resize(&mut self, size: Winsize) {
        self.size = size;
        if let Some(child) = &self.child {
            sys::resize(child.master.as_fd(), size);
        }
        self.log.mark(MarkKind::Resize { cols: size.ws_col, rows: size.ws_row });
    }

    /// A changed size makes a full-screen program paint again: one row less, and back at once.
    pub(super) fn begin_repaint(&mut self) {
        if let Some(child) = &self.child {
            let less = Winsize { ws_row: self.size.ws_row.saturating_sub(1).max(1), ..self.size };
            sys::resize(child.master.as_fd(), less);
            self.repaint = Some((Instant::now() + Duration::from_millis(20), self.size));
        }
    }

    /// The pane is gone: with its server, or because a person closed it.
    pub(super) fn hang_up(&mut self) {
        if std::mem::replace(&mut self.hung_up, true) {
            return;
        }
        self.outer = None;
        if !self.phase.runs() && self.stopping.is_none() {
            // Nothing is left to keep or to stop, whoever closed the pane.
            self.phase = Phase::Over;
            return;
        }
        let server_died = self.server.as_ref().is_some_and(|server| {
            let mut fds = [PollFd::new(server.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(SERVER_END)).is_ok_and(|n| n > 0)
        });
        match (server_died, self.spec.on_server_exit) {
            (true, OnServerExit::Keep) => (),
            (true, OnServerExit::Stop) => self.end_unit(Reason::ServerExit),
            (false, _) => self.end_unit(Reason::Hangup),
        }
    }
}
