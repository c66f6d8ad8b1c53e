//! System calls that nix does not wrap safely.
#![expect(
    unsafe_code,
    reason = "terminal ioctls, pidfd_open, fork, _exit, pre_exec, close_range, signals, the version of Landlock and the capability set; nowhere else in this room"
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

/// Makes the terminal on standard error the controlling terminal of this session; standard input
/// may be a file.
pub(super) fn take_terminal() -> io::Result<()> {
    // SAFETY: TIOCSCTTY takes an integer.
    let done = unsafe { libc::ioctl(2, libc::TIOCSCTTY, 0) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Gives every signal its default effect again.
pub(super) fn default_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL is no function of ours; for signals that cannot be set, the call fails.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Ends this process at once: nothing is flushed, and nothing is given back but by the kernel.
pub(super) fn exit(code: u8) -> ! {
    // SAFETY: _exit takes an integer, and does not come back.
    unsafe { libc::_exit(i32::from(code)) }
}

/// Has writing to what nobody reads fail, instead of ending this process.
pub(super) fn ignore_pipes() {
    // SAFETY: SIG_IGN is no function of ours.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Version of Landlock of this kernel; `None` if it has none, or has it switched off.
pub(super) fn landlock_abi() -> Option<u32> {
    const VERSION: u32 = 1;
    // SAFETY: with this flag landlock_create_ruleset takes no memory, makes nothing, and returns a
    // number.
    let abi = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, VERSION)
    };
    u32::try_from(abi).ok().filter(|abi| *abi > 0)
}

/// Has this process's descriptors from `first` on closed at its exec. Kernels before 5.11 cannot;
/// all of ours are opened so anyway.
pub(super) fn close_on_exec_from(first: u32) {
    // SAFETY: close_range takes three integers; with this flag it closes nothing that is in use.
    unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// Takes a capability from all that this process will run. It fails where there is no such
/// capability, or no right to take it; what runs has then no more than before.
pub(super) fn drop_capability(number: i32) {
    // SAFETY: PR_CAPBSET_DROP takes an integer.
    unsafe { libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) };
}

/// Makes a second process of this one.
pub(super) fn fork() -> nix::Result<nix::unistd::ForkResult> {
    // SAFETY: this process has one thread, so no lock can be held by another at the fork, and the
    // child may go on as this one would.
    unsafe { nix::unistd::fork() }
}
