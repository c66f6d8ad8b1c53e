//! System calls that no crate of ours wraps.
#![expect(
    unsafe_code,
    reason = "pidfd_open, sigqueue, AsyncFd, mallopt and the version of Landlock have no safe wrapper; called here only"
)]

use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use tokio::io::{Interest, unix::AsyncFd};

/// A descriptor that becomes readable when the process ends; `None` if there is no such process.
pub(super) fn pidfd(pid: i32) -> Option<OwnedFd> {
    // SAFETY: pidfd_open takes two integers, touches no memory of ours, and returns a fresh
    // descriptor that nobody else owns, or -1.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = RawFd::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    // SAFETY: the kernel just gave us this descriptor and no one else knows of it.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Lets a descriptor be waited for until it is readable.
pub(super) fn readable(fd: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the AsyncFd owns the descriptor, which so stays open and the same as long as that.
    let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) };
    registered.map_err(Into::into)
}

/// Sends SIGTERM along with a number.
pub(super) fn tell_to_end(pid: i32, number: i32) -> bool {
    let mut value = libc::sigval { sival_ptr: std::ptr::null_mut() };
    // SAFETY: a sigval is a union of a pointer and an int (sigqueue(3)), both plain numbers that
    // begin at its first byte; it is as large as the pointer.
    unsafe { (&raw mut value).cast::<i32>().write(number) };
    // SAFETY: sigqueue takes its arguments by value.
    unsafe { libc::sigqueue(pid, libc::SIGTERM, value) == 0 }
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

/// Columns and rows of the terminal on standard output.
pub(super) fn terminal_size() -> Option<(u16, u16)> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize, and that is what it is given.
    let done = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (done == 0 && size.ws_col > 0).then_some((size.ws_col, size.ws_row))
}

/// The child runs as another user. Must come before [`die_with_parent`]: a change of user clears
/// that.
pub(super) fn become_user(command: &mut tokio::process::Command, user: crate::base::unit::User) {
    use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
    let groups: Vec<Gid> = user.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    let setup = move || {
        setgroups(&groups)?;
        setgid(Gid::from_raw(user.gid))?;
        setuid(Uid::from_raw(user.uid))?;
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes three system calls and allocates nothing.
    unsafe { command.pre_exec(setup) };
}

/// The child gets SIGKILL when the thread that forks it ends.
pub(super) fn die_with_parent(command: &mut tokio::process::Command) {
    let parent = nix::unistd::getpid();
    let setup = move || {
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
        // The parent may have died before the line above took effect.
        if nix::unistd::getppid() == parent {
            Ok(())
        } else {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    };
    // SAFETY: between fork and exec the closure makes two system calls and allocates nothing.
    unsafe { command.pre_exec(setup) };
}

/// Has this process keep little of the memory that it does not use, where the C library is GNU's.
///
/// Large pieces are given back to the kernel as soon as they are freed: by itself the library keeps
/// them once some were (a definition of 10,000 steps left 18 MiB behind). All threads share one
/// heap: with one each, memory that one had freed was no use to the others, and each grew by a page
/// and a system call at a time (a run of 1,000 steps took a tenth longer).
pub(super) fn keep_little_memory() {
    /// The size it begins with, before it learns to keep more.
    const LARGE: i32 = 128 << 10;
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt takes two integers and sets a number of the allocator.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Gives what is free of the memory of this process back to the kernel.
pub(super) fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it takes an integer, and touches only pages in which nothing is allocated.
    unsafe {
        libc::malloc_trim(0);
    }
}
