//! System calls that nix does not wrap safely.
#![expect(
    unsafe_code,
    reason = "terminal ioctls, pidfd_open and pre_exec; nowhere else in this room"
)]

use std::{
    io,
    os::{
        fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    process::Command,
};

use nix::pty::Winsize;

/// Size of a terminal.
pub(super) fn size(fd: BorrowedFd<'_>) -> Option<Winsize> {
    let mut size = Winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize, and that is what it is given.
    let done = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (done == 0 && size.ws_row > 0 && size.ws_col > 0).then_some(size)
}

/// Gives a terminal another size; its foreground program gets SIGWINCH.
pub(super) fn resize(fd: BorrowedFd<'_>, size: Winsize) {
    // SAFETY: TIOCSWINSZ reads one winsize, and that is what it is given.
    unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
}

/// A descriptor that becomes readable when the process ends; `None` if there is no such process.
pub(super) fn pidfd(pid: i32) -> Option<OwnedFd> {
    // SAFETY: pidfd_open takes two integers, touches no memory of ours, and returns a fresh
    // descriptor that nobody else owns, or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the kernel just gave us this descriptor and no one else knows of it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Lets `setup` run in the child between fork and exec. It may only make system calls.
pub(super) fn before_exec(
    command: &mut Command,
    setup: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: this process has one thread, so no lock can be held by another at the fork; the one
    // caller passes a closure that makes system calls and allocates nothing.
    unsafe { command.pre_exec(setup) };
}

/// Makes standard input the controlling terminal of this session.
pub(super) fn take_terminal() -> io::Result<()> {
    // SAFETY: TIOCSCTTY takes an integer.
    let done = unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Gives every signal its default effect again.
pub(super) fn default_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL is no function of ours; for signals that cannot be set, the call fails.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}
