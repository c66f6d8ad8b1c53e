//! The terminal the shim itself sits in: the tmux pane.

use std::{
    collections::VecDeque,
    io,
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use nix::{
    pty::Winsize,
    sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr},
    unistd::{read, write},
};

use super::{child::nonblocking, sys};

/// Output that may wait for the pane; above it the program's output is not read on.
const ROOM: usize = 128 << 10;
/// A pane that takes nothing for this long is taken for stopped: the program goes on without it.
const STALLED: Duration = Duration::from_secs(1);

/// The outer terminal, while there is one.
pub(super) struct Outer {
    saved: Termios,
    queue: VecDeque<u8>,
    waits_since: Option<Instant>,
    /// Output was dropped: the pane has to be painted anew when it takes bytes again.
    pub(super) behind: bool,
}

impl Outer {
    /// Takes over the terminal on standard input, if it is one.
    pub(super) fn take() -> Option<Self> {
        let saved = tcgetattr(io::stdin()).ok()?;
        let mut raw = saved.clone();
        cfmakeraw(&mut raw);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &raw).ok()?;
        nonblocking(io::stdin()).ok()?;
        nonblocking(io::stdout()).ok()?;
        Some(Self { saved, queue: VecDeque::new(), waits_since: None, behind: false })
    }

    /// The settings it had, for the inner terminal.
    pub(super) fn settings(&self) -> &Termios {
        &self.saved
    }

    pub(super) fn input(&self) -> BorrowedFd<'static> {
        stdin_fd()
    }

    pub(super) fn size(&self) -> Option<Winsize> {
        sys::size(io::stdin().as_fd())
    }

    /// Whether bytes wait to be written.
    pub(super) fn waits(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether the program may go on writing: there is room, or the pane is stopped and left
    /// behind.
    pub(super) fn has_room(&mut self, now: Instant) -> bool {
        if self.queue.len() < ROOM || self.behind {
            return true;
        }
        if self.waits_since.is_some_and(|since| now.duration_since(since) > STALLED) {
            self.queue.clear();
            self.behind = true;
        }
        self.behind
    }

    /// Writes output of the program, as far as the pane takes it. `false`: the pane is gone.
    pub(super) fn show(&mut self, bytes: &[u8], now: Instant) -> bool {
        if self.behind {
            return true;
        }
        let mut rest = bytes;
        if self.queue.is_empty() {
            match write(io::stdout(), bytes) {
                Ok(n) => rest = &bytes[n..],
                Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => (),
                Err(_) => return false,
            }
        }
        if !rest.is_empty() {
            self.queue.extend(rest);
            self.waits_since.get_or_insert(now);
        }
        true
    }

    /// Writes what waits. `false`: the pane is gone.
    pub(super) fn flush(&mut self, now: Instant) -> bool {
        while !self.queue.is_empty() {
            match write(io::stdout(), self.queue.as_slices().0) {
                Ok(n) => {
                    self.queue.drain(..n);
                    self.waits_since = Some(now);
                }
                Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => return true,
                Err(_) => return false,
            }
        }
        self.waits_since = None;
        true
    }

    /// What a person typed; `None`: the pane is gone.
    pub(super) fn keys(&self, buffer: &mut [u8]) -> Option<usize> {
        match read(io::stdin(), buffer) {
            Ok(0) => None,
            Ok(n) => Some(n),
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EINTR) => Some(0),
            Err(_) => None,
        }
    }

    /// Gives the terminal back as it was.
    pub(super) fn restore(&self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.saved);
    }
}

fn stdin_fd() -> BorrowedFd<'static> {
    // Standard input stays open for the life of the process, hence 'static.
    static STDIN: std::sync::LazyLock<io::Stdin> = std::sync::LazyLock::new(io::stdin);
    STDIN.as_fd()
}
