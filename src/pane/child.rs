//! The program: its terminal, its start, and its end with everything it left behind.

use std::{
    collections::BTreeMap,
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::{FileTypeExt, OpenOptionsExt},
    },
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use nix::{
    pty::{Winsize, openpty},
    sys::{
        prctl,
        resource::{Resource, setrlimit},
        signal::{SigSet, Signal, kill},
        termios::Termios,
    },
    unistd::{Gid, Pid, Uid, fchown, getpgid, getpid, getppid, setgid, setgroups, setsid, setuid},
};

use super::{fence::Prepared, sys};
use crate::base::{SHELLS, Stat, unit::Spec};

/// Variables of the tmux pane that the program sees unless its spec sets them.
const FROM_PANE: &[&str] = &["TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION"];
/// The same, but only where no fence stands: they lead to the server, which runs anything.
const TO_SERVER: &[&str] = &["TMUX", "TMUX_PANE"];

/// A program and the master side of its terminal.
pub(super) struct Child {
    pub(super) pid: Pid,
    pub(super) master: OwnedFd,
}

/// What is run: the program, or one of the commands before it.
pub(super) struct Stage<'a> {
    pub(super) argv: &'a [String],
    /// What it reads instead of the terminal.
    pub(super) stdin: Option<&'a Path>,
    pub(super) fence: Option<Prepared>,
}

/// Starts the program of a spec in a terminal of its own; the sentence says why it could not.
pub(super) fn start(
    spec: &Spec,
    stage: Stage<'_>,
    size: Winsize,
    like: Option<&Termios>,
) -> Result<Child, String> {
    let Some((program, args)) = stage.argv.split_first() else {
        return Err("the spec names no program".to_owned());
    };
    if !spec.cwd.is_dir() {
        return Err(format!("the folder {} does not exist", spec.cwd.display()));
    }
    let pty = openpty(&size, like).map_err(|e| format!("there is no terminal to be had: {e}"))?;
    close_on_exec(&pty.master)
        .and_then(|()| close_on_exec(&pty.slave))
        .map_err(|e| e.to_string())?;
    let mut command = Command::new(program);
    command.args(args).current_dir(&spec.cwd).env_clear().envs(environment(spec));
    let slave = |fd: &OwnedFd| fd.try_clone().map(Stdio::from);
    let wire = |command: &mut Command| -> io::Result<()> {
        command.stdin(slave(&pty.slave)?).stdout(slave(&pty.slave)?).stderr(slave(&pty.slave)?);
        Ok(())
    };
    wire(&mut command).map_err(|e| e.to_string())?;
    if let Some(path) = stage.stdin {
        command.stdin(input(path)?);
    }
    let (shim, limits, user) = (getpid(), limits(&spec.limits)?, user(spec, &pty.slave)?);
    let mut fence = stage.fence;
    sys::before_exec(&mut command, move || {
        // First: it takes the rights of the shim, and no limits.
        fence.as_ref().map_or(Ok(()), Prepared::cover)?;
        prepare(shim, &limits, user.as_ref())?;
        // Last: it takes rights away that the steps before it need.
        fence.as_mut().map_or(Ok(()), Prepared::apply)
    });
    let child = command.spawn().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("there is no program `{program}`"),
        _ => format!("`{program}` cannot be started: {e}"),
    })?;
    nonblocking(&pty.master).map_err(|e| e.to_string())?;
    Ok(Child { pid: Pid::from_raw(child.id() as i32), master: pty.master })
}

/// Runs in the child: a session and terminal of its own, death with the shim, its limits.
fn prepare(shim: Pid, limits: &[(Resource, u64)], user: Option<&Ids>) -> io::Result<()> {
    // The shim takes its signals from a descriptor, so it has them blocked; and whoever started
    // the tmux server may have ignored some. A program begins with neither.
    sys::default_signals();
    SigSet::empty().thread_set_mask()?;
    setsid()?;
    sys::take_terminal()?;
    for (resource, limit) in limits {
        setrlimit(*resource, *limit, *limit)?;
    }
    if let Some((uid, gid, groups)) = user {
        setgroups(groups)?;
        setgid(*gid)?;
        setuid(*uid)?;
    }
    // A change of user clears it, so it comes last.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // The shim may have died before the line above took effect.
    if getppid() != shim {
        return Err(io::ErrorKind::BrokenPipe.into());
    }
    Ok(())
}

/// A file as standard input. A pipe is none: opening it would wait for whoever writes.
pub(super) fn input(path: &Path) -> Result<Stdio, String> {
    let fault = |e: io::Error| format!("its input {} cannot be read: {e}", path.display());
    // What was opened is looked at, not the name: a folder in a fenced program's hands would lead
    // past what is covered.
    let file = fs::File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = file.map_err(fault)?;
    let kind = file.metadata().map_err(fault)?.file_type();
    if !kind.is_file() && !kind.is_char_device() {
        return Err(format!("its input {} is no file", path.display()));
    }
    blocking(&file).map_err(|errno| fault(errno.into()))?;
    Ok(file.into())
}

/// User, group, all groups.
type Ids = (Uid, Gid, Vec<Gid>);

/// The user a program runs as; its terminal becomes that user's.
fn user(spec: &Spec, terminal: &OwnedFd) -> Result<Option<Ids>, String> {
    let Some(user) = &spec.user else { return Ok(None) };
    let uid = Uid::from_raw(user.uid);
    fchown(terminal, Some(uid), None).map_err(|e| format!("its terminal: {e}"))?;
    let groups = user.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    Ok(Some((uid, Gid::from_raw(user.gid), groups)))
}

fn environment(spec: &Spec) -> BTreeMap<String, String> {
    let to_server = if spec.fence.is_some() { &[] } else { TO_SERVER };
    let from_pane = FROM_PANE.iter().chain(to_server);
    let from_pane = from_pane.filter(|name| !spec.env.contains_key(**name));
    let mut env = spec.env.clone();
    env.extend(from_pane.filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?))));
    env
}

pub(super) fn limits(named: &BTreeMap<String, u64>) -> Result<Vec<(Resource, u64)>, String> {
    let resource = |name: &str| match name {
        "nofile" => Some(Resource::RLIMIT_NOFILE),
        "core" => Some(Resource::RLIMIT_CORE),
        "nproc" => Some(Resource::RLIMIT_NPROC),
        "as" => Some(Resource::RLIMIT_AS),
        "fsize" => Some(Resource::RLIMIT_FSIZE),
        "cpu" => Some(Resource::RLIMIT_CPU),
        "data" => Some(Resource::RLIMIT_DATA),
        "stack" => Some(Resource::RLIMIT_STACK),
        "memlock" => Some(Resource::RLIMIT_MEMLOCK),
        _ => None,
    };
    let one = |(name, limit): (&String, &u64)| {
        resource(name).map(|r| (r, *limit)).ok_or_else(|| format!("there is no limit `{name}`"))
    };
    named.iter().map(one).collect()
}

fn close_on_exec(fd: &OwnedFd) -> nix::Result<()> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map(drop)
}

/// Makes reads and writes of a descriptor return instead of wait.
pub(super) fn nonblocking(fd: impl AsFd) -> nix::Result<()> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let flags = OFlag::from_bits_truncate(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).map(drop)
}

/// Makes reads of a descriptor wait again.
fn blocking(fd: impl AsFd) -> nix::Result<()> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let flags = OFlag::from_bits_truncate(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK)).map(drop)
}

/// Every process below this one. As a subreaper the shim stays the ancestor of all that its
/// program started, whatever session or group it moved to.
pub(super) fn descendants() -> Vec<Pid> {
    below(getpid())
}

/// Every process below another.
pub(super) fn below(root: Pid) -> Vec<Pid> {
    let root = root.as_raw();
    let Some(first) = children_of(root) else { return below_by_scan(root) };
    let (mut found, mut next) = (Vec::new(), first);
    while let Some(pid) = next.pop() {
        if lives(pid) {
            found.push(Pid::from_raw(pid));
        }
        next.extend(children_of(pid).unwrap_or_default());
    }
    found
}

/// The children of this process, those too that have ended and are not taken in.
pub(super) fn children() -> Vec<Pid> {
    let own = getpid().as_raw();
    let known = children_of(own).unwrap_or_else(|| {
        let of_own = |pid: &i32| stat(*pid).is_some_and(|stat| stat.parent == own);
        all().filter(of_own).collect()
    });
    known.into_iter().map(Pid::from_raw).collect()
}

/// Whether a process that the program started still runs.
pub(super) fn leaves_children() -> bool {
    !descendants().is_empty()
}

/// Children of a process, from the kernel's own list; `None` where it keeps none (proc(5):
/// CONFIG_PROC_CHILDREN).
fn children_of(pid: i32) -> Option<Vec<i32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let text = fs::read_to_string(thread.path().join("children")).ok()?;
        children.extend(text.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    Some(children)
}

fn below_by_scan(own: i32) -> Vec<Pid> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for pid in all() {
        if let Some(parent) = stat(pid).filter(|stat| !stat.is_dead()).map(|stat| stat.parent) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut next = vec![own];
    while let Some(pid) = next.pop() {
        let below = children.remove(&pid).unwrap_or_default();
        found.extend(below.iter().map(|pid| Pid::from_raw(*pid)));
        next.extend(below);
    }
    found
}

/// Every process of the machine.
fn all() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn lives(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| !stat.is_dead())
}

fn stat(pid: i32) -> Option<Stat> {
    Stat::read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Sends a signal to a process group, or to a process.
pub(super) fn send(pid: Pid, signal: i32, group: bool) -> bool {
    let Ok(signal) = Signal::try_from(signal) else { return false };
    // A daemon that forked twice is in the group of one that has ended.
    let leader = if group { getpgid(Some(pid)).unwrap_or(pid) } else { pid };
    let target = if group { Pid::from_raw(-leader.as_raw()) } else { pid };
    kill(target, signal).is_ok()
}

/// Whether a process is a shell that a person types into. Such a shell does not end on SIGTERM; it
/// ends when its terminal is hung up.
pub(super) fn is_interactive_shell(pid: Pid) -> bool {
    let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut words = text.split_terminator('\0');
    let program = words.next().unwrap_or("").trim_start_matches('-');
    let name = program.rsplit('/').next().unwrap_or("");
    // A word that is no option is a script; `-c` brings one along.
    SHELLS.contains(&name) && words.all(|word| word.starts_with('-') && word != "-c")
}

/// How long a pty may be quiet after its program died before it counts as drained.
pub(super) const QUIET: Duration = Duration::from_millis(50);
