//! Processes of this machine, seen through /proc and the pidfd of the kernel.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::File,
    io::{self, Read},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use super::tree;
use crate::{
    base::{SHELLS, Stat, UnitId, unit::User},
    port::{Holder, Usage},
};

fn stat(pid: i32) -> Option<Stat> {
    Stat::read(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Start time of a process in clock ticks since boot.
#[must_use]
pub fn start_time(pid: i32) -> Option<u64> {
    stat(pid).map(|stat| stat.start)
}

/// Whether this very process runs: the same pid, the same start time, and not only a zombie.
#[must_use]
pub fn is_running(pid: i32, start: u64) -> bool {
    stat(pid).is_some_and(|stat| stat.start == start && !stat.is_dead())
}

/// The processes of this machine.
pub struct SystemProcesses;

impl crate::port::Processes for SystemProcesses {
    fn is_idle_shell(&self, pid: i32) -> bool {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        // A shell at its prompt has the terminal itself.
        SHELLS.contains(&name.trim()) && stat(pid).is_some_and(|stat| stat.foreground == pid)
    }
    fn usage(&self, roots: &[i32]) -> Vec<Usage> {
        tree::usage(roots)
    }
    fn listens(&self, root: i32) -> BTreeSet<u16> {
        tree::listens(root)
    }
    fn is_free(&self, port: u16) -> bool {
        tree::is_free(port)
    }
    fn holder(&self, port: u16) -> Option<Holder> {
        tree::holder(port)
    }
    fn of_unit(&self, unit: &UnitId) -> Vec<i32> {
        tree::of_unit(unit)
    }
    fn kill(&self, pid: i32) {
        let _ = signal(pid, libc::SIGKILL);
    }
    fn user(&self, user: &str, group: Option<&str>) -> Result<User, String> {
        tree::user(user, group)
    }
    fn user_id(&self) -> u32 {
        nix::unistd::geteuid().as_raw()
    }
    fn is_root(&self) -> bool {
        nix::unistd::geteuid().is_root()
    }
}

/// Private and shared memory a process holds, in bytes (`VmRSS` of proc(5) `status`).
#[must_use]
pub fn resident(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Becomes another program; returns only if that failed.
#[must_use]
pub fn become_program(argv: &[String], drop_env: &[&str]) -> io::Error {
    let Some((program, args)) = argv.split_first() else {
        return io::ErrorKind::InvalidInput.into();
    };
    let mut command = Command::new(program);
    command.args(args);
    for name in drop_env {
        command.env_remove(name);
    }
    command.exec()
}

/// Starts a program that will leave this terminal by itself ([`leave_terminal`]), its folder `/`,
/// its errors in `log`, and returns what it prints until it closes its standard output: its own
/// word on how the start went.
pub fn start_detached(exe: &Path, args: &[OsString], log: File) -> io::Result<String> {
    let mut command = Command::new(exe);
    command.args(args).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = command.spawn()?;
    let mut word = String::new();
    if let Some(mut out) = child.stdout.take() {
        out.read_to_string(&mut word)?;
    }
    Ok(word)
}

/// Makes this process the leader of a session of its own, without a terminal.
pub fn leave_terminal() {
    // It fails only for a process that leads a group already, which is then nobody's to hang up.
    let _ = nix::unistd::setsid();
}

/// Says the last word to whoever started us, and lets go of our standard output.
pub fn close_stdout(word: &str) -> io::Result<()> {
    use io::Write;
    let mut out = io::stdout();
    out.write_all(word.as_bytes())?;
    out.flush()?;
    let null = File::options().write(true).open("/dev/null")?;
    nix::unistd::dup2_stdout(null).map_err(io::Error::from)
}

/// Has this process keep little of the memory that it does not use.
pub fn keep_little_memory() {
    super::sys::keep_little_memory();
}

/// Gives back what is free of the memory of this process: a few milliseconds, after something large
/// was freed piece by piece.
pub fn give_back_memory() {
    super::sys::give_back_memory();
}

/// Becomes a program with the arguments and the environment of this one; comes back only if that
/// cannot be.
#[must_use]
pub fn become_anew(exe: &Path) -> io::Error {
    use std::os::unix::process::CommandExt;
    std::process::Command::new(exe).args(std::env::args_os().skip(1)).exec()
}

/// Waits until a process has ended, at most `patience`; whether it has.
#[must_use]
pub fn wait_for_end(pid: i32, patience: std::time::Duration) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let Some(fd) = super::sys::pidfd(pid) else { return start_time(pid).is_none() };
    let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    poll(&mut [PollFd::new(fd.as_fd(), PollFlags::POLLIN)], patience).is_ok_and(|n| n > 0)
}

/// Sends a signal; whether the process was there.
#[must_use]
pub fn signal(pid: i32, signal: i32) -> bool {
    let Ok(signal) = nix::sys::signal::Signal::try_from(signal) else { return false };
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).is_ok()
}

/// Columns and rows of the terminal on our standard output.
#[must_use]
pub fn terminal_size() -> Option<(u16, u16)> {
    super::sys::terminal_size()
}

/// Which boot of the machine this is.
#[must_use]
pub fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

/// Lets this thread rest.
pub fn pause(span: std::time::Duration) {
    std::thread::sleep(span);
}
