//! A unit that runs already, shown in this pane too: after the tmux server died, gaia gives the
//! program a new pane, and in it the same `gaia pane <folder>` becomes a view.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::{fd::AsFd, unix::net::UnixStream},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
        termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr},
    },
    unistd::getppid,
};

use super::sys;
use crate::base::{
    unit::State,
    wire::{Ask, Frame, Tell},
};

/// A dying tmux server closes its terminals before its end can be seen.
const SERVER_END: u16 = 300;
/// A shim that just took its lock binds its socket in the next moments.
const PATIENCE: Duration = Duration::from_millis(500);

/// How a view ended.
pub(super) enum Outcome {
    /// The shim, or this pane, ended.
    Seen(ExitCode),
    /// There was nothing to see: the shim was about to end, or gone before it could be asked.
    Leaving,
}

/// Whose end a view saw.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Pane,
    Shim,
}

/// Shows the unit of `folder` until its shim, or this pane, ends.
pub(super) fn run(folder: &Path) -> Result<Outcome, String> {
    let Some(mut stream) = connect(folder) else { return Ok(Outcome::Leaving) };
    match hello(&mut stream) {
        Some(state) if !state.leaving => (),
        _ => return Ok(Outcome::Leaving),
    }
    let signals = signals().map_err(|e| format!("signals: {e}"))?;
    let server = sys::pidfd(getppid().as_raw());
    let saved = tcgetattr(io::stdin()).ok();
    if let Some(saved) = &saved {
        let mut raw = saved.clone();
        cfmakeraw(&mut raw);
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &raw);
    }
    let (cols, rows) = size();
    send(&mut stream, &Frame::Ask(Ask::View { cols, rows }));
    let end = relay(&mut stream, &signals);
    if end == End::Pane && !died(server.as_ref()) {
        send(&mut stream, &Frame::Ask(Ask::Hangup));
        drain(&mut stream);
    }
    if let Some(saved) = &saved {
        let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, saved);
    }
    Ok(Outcome::Seen(ExitCode::SUCCESS))
}

/// The first frame of the connection.
fn hello(stream: &mut UnixStream) -> Option<State> {
    let mut input = Vec::new();
    let mut byte = [0];
    loop {
        // Byte by byte, so that nothing of what follows is taken away.
        stream.read_exact(&mut byte).ok()?;
        input.push(byte[0]);
        match Frame::decode(&mut input) {
            Ok(Some(Frame::Tell(Tell::Hello(state)))) => return Some(state),
            Ok(None) => (),
            Ok(Some(_)) | Err(_) => return None,
        }
    }
}

fn connect(folder: &Path) -> Option<UnixStream> {
    let path = folder.join("shim.sock");
    let until = Instant::now() + PATIENCE;
    loop {
        match UnixStream::connect(&path) {
            Ok(stream) => return Some(stream),
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            Err(_) => return None,
        }
    }
}

/// Carries bytes both ways until one of the two sides is gone.
fn relay(stream: &mut UnixStream, signals: &SignalFd) -> End {
    let mut buffer = [0; 32 << 10];
    let mut input = Vec::new();
    let stdin = io::stdin();
    loop {
        let mut fds = [
            PollFd::new(stream.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(stdin.as_fd(), PollFlags::POLLIN),
        ];
        let _ = poll(&mut fds, PollTimeout::NONE);
        let ready = |at: usize| fds[at].any().unwrap_or(false);
        let (shim, signal, keys) = (ready(0), ready(1), ready(2));
        if signal && !take_signals(stream, signals) {
            return End::Pane;
        }
        if keys {
            match nix::unistd::read(&stdin, &mut buffer) {
                Ok(0) | Err(_) => return End::Pane,
                Ok(n) => send(stream, &Frame::Keys(buffer[..n].to_vec())),
            }
        }
        if shim && let Err(end) = show(stream, &mut buffer, &mut input) {
            return end;
        }
    }
}

/// `false`: this pane was hung up.
fn take_signals(stream: &mut UnixStream, signals: &SignalFd) -> bool {
    while let Ok(Some(signal)) = signals.read_signal() {
        if signal.ssi_signo == Signal::SIGWINCH as u32 {
            let (cols, rows) = size();
            send(stream, &Frame::Ask(Ask::Resize { cols, rows }));
        } else {
            return false;
        }
    }
    true
}

/// Paints what the shim sent. A terminal that takes nothing more is the pane's end, not the shim's.
fn show(stream: &mut UnixStream, buffer: &mut [u8], input: &mut Vec<u8>) -> Result<(), End> {
    match stream.read(buffer) {
        Ok(0) | Err(_) => return Err(End::Shim),
        Ok(n) => input.extend_from_slice(&buffer[..n]),
    }
    let mut out = io::stdout();
    loop {
        match Frame::decode(input) {
            Ok(Some(Frame::Output(_, bytes))) => {
                out.write_all(&bytes).and_then(|()| out.flush()).map_err(|_| End::Pane)?;
            }
            Ok(Some(_)) => (),
            Ok(None) => return Ok(()),
            Err(_) => return Err(End::Shim),
        }
    }
}

/// Takes what the shim still sends until it has read everything: one that fails to write to a view
/// that left does not read what that view asked last.
fn drain(stream: &mut UnixStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let mut buffer = [0; 32 << 10];
    while stream.read(&mut buffer).is_ok_and(|n| n > 0) {}
}

fn send(stream: &mut UnixStream, frame: &Frame) {
    // A shim that is gone shows as the end of its stream.
    let _ = stream.write_all(&frame.encode());
}

fn size() -> (u16, u16) {
    sys::size(io::stdin().as_fd()).map_or((200, 50), |size| (size.ws_col, size.ws_row))
}

fn died(server: Option<&std::os::fd::OwnedFd>) -> bool {
    server.is_some_and(|server| {
        let mut fds = [PollFd::new(server.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::from(SERVER_END)).is_ok_and(|n| n > 0)
    })
}

fn signals() -> nix::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGWINCH, Signal::SIGHUP, Signal::SIGTERM] {
        set.add(signal);
    }
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}
