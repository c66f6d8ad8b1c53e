//! The host: takes orders, forks a shim for each, says when one has ended.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, PipeReader, PipeWriter, Read, Write, pipe},
    os::{fd::AsFd, unix::net::UnixStream},
    process::ExitCode,
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, dup2_stdin, setsid},
};

use super::{ending, shim, trouble};
use crate::{
    base::step::{self, Gone, Order, Spec, Word},
    pane::{child, files, sys},
};

/// What a turn of the loop ended with.
enum Turn {
    On,
    /// The daemon is gone, or it does not speak our language.
    Over,
    /// This process is the shim of an attempt from here on.
    Shim(Box<Spec>),
}

struct Host {
    link: UnixStream,
    signals: SignalFd,
    buffer: Vec<u8>,
    /// Whose shims are whose; nobody's, once it is told that its attempt has ended.
    shims: HashMap<Pid, Option<u64>>,
    /// Where shims say that they leave: the kernel takes a tenth of a step to take one apart, and
    /// says so only then.
    leaving: (PipeReader, PipeWriter),
}

/// Serves orders until the daemon is gone; returns in every shim, too, at its end.
pub(super) fn run() -> Result<ExitCode, String> {
    let mut host = Host::new().map_err(|e| format!("the host of steps: {e}"))?;
    let boot = trouble::boot().unwrap_or_else(files::boot);
    loop {
        match host.turn() {
            Turn::On => (),
            Turn::Over => return Ok(ExitCode::SUCCESS),
            Turn::Shim(spec) => {
                let Host { link, signals, leaving, .. } = host;
                // As long as this is open, the daemon does not see the host die.
                drop(link);
                let code = shim::run(&spec, &boot, &signals);
                if code == 0 {
                    let _ = (&leaving.1).write_all(&std::process::id().to_ne_bytes());
                }
                // What the host would still do at its end is not for a shim to do.
                sys::exit(code)
            }
        }
    }
}

impl Host {
    fn new() -> io::Result<Self> {
        // Whoever started us may have left some open.
        sys::close_on_exec_from(3);
        let link = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        // Whoever started the daemon may have some ignored, and commands would inherit that.
        sys::default_signals();
        // A daemon that is gone is seen when it is read from; a command gets its own effect back.
        sys::ignore_pipes();
        // What commands read who are given no file.
        dup2_stdin(File::open("/dev/null")?)?;
        // It fails for one that leads a session already, which is as good.
        let _ = setsid();
        // What a killed shim leaves behind comes here, and is ended.
        prctl::set_child_subreaper(true)?;
        prctl::set_name(c"gaia-steps")?;
        let leaving = pipe()?;
        child::nonblocking(&leaving.0)?;
        let (signals, buffer, shims) = (signals()?, Vec::new(), HashMap::new());
        Ok(Self { link, signals, buffer, shims, leaving })
    }

    fn turn(&mut self) -> Turn {
        let mut fds = [
            PollFd::new(self.link.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.leaving.0.as_fd(), PollFlags::POLLIN),
        ];
        if poll(&mut fds, PollTimeout::NONE).is_err() {
            return Turn::On;
        }
        let [orders, signals, leaving] = fds.map(|fd| fd.any().unwrap_or(false));
        if leaving {
            self.see_off();
        }
        if signals && self.take_signals() {
            return Turn::Over;
        }
        if orders { self.take_orders() } else { Turn::On }
    }

    /// Whether it was told to end. A hangup or an interrupt is meant for others.
    fn take_signals(&mut self) -> bool {
        let (mut died, mut told) = (false, false);
        while let Ok(Some(signal)) = self.signals.read_signal() {
            died |= signal.ssi_signo == Signal::SIGCHLD as u32;
            told |= signal.ssi_signo == Signal::SIGTERM as u32;
        }
        if died {
            self.reap();
        }
        told
    }

    fn take_orders(&mut self) -> Turn {
        let mut bytes = [0; 16 << 10];
        match self.link.read(&mut bytes) {
            Ok(0) => return Turn::Over,
            Ok(n) => self.buffer.extend_from_slice(&bytes[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Turn::On,
            Err(_) => return Turn::Over,
        }
        loop {
            match step::decode(&mut self.buffer) {
                Ok(Some(order)) => {
                    if let Some(spec) = self.start(order) {
                        return Turn::Shim(Box::new(spec));
                    }
                }
                Ok(None) => return Turn::On,
                Err(_) => return Turn::Over,
            }
        }
    }

    /// Forks; in the shim it returns what that has to run.
    fn start(&mut self, order: Order) -> Option<Spec> {
        match sys::fork() {
            Ok(ForkResult::Child) => return Some(order.spec),
            Ok(ForkResult::Parent { child }) => drop(self.shims.insert(child, Some(order.id))),
            Err(errno) => self.tell(order.id, Gone::NotForked(errno as i32)),
        }
        None
    }

    /// Tells of those whose attempt has ended, before they are dead.
    fn see_off(&mut self) {
        let mut pid = [0; size_of::<i32>()];
        // Each is written at once, so none is read in part.
        while self.leaving.0.read_exact(&mut pid).is_ok() {
            let shim = self.shims.get_mut(&Pid::from_raw(i32::from_ne_bytes(pid)));
            if let Some(id) = shim.and_then(Option::take) {
                self.tell(id, Gone::Left(0));
            }
        }
    }

    fn reap(&mut self) {
        let mut orphans = false;
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let (pid, gone) = match status {
                WaitStatus::Exited(pid, code) => (pid, Gone::Left(code)),
                WaitStatus::Signaled(pid, ..) => (pid, Gone::Killed),
                WaitStatus::StillAlive => break,
                _ => continue,
            };
            let shim = self.shims.remove(&pid);
            orphans |= shim.is_none() || gone == Gone::Killed;
            if orphans {
                // Before it is told: nothing of it shall run then.
                self.end_orphans();
            }
            if let Some(Some(id)) = shim {
                self.tell(id, gone);
            }
        }
    }

    /// Ends what shims left behind that were killed.
    fn end_orphans(&self) {
        for child in ending::children() {
            if !self.shims.contains_key(&child) {
                ending::kill_tree(child);
            }
        }
    }

    /// A daemon that is gone is seen when it is read from.
    fn tell(&mut self, id: u64, gone: Gone) {
        let _ = self.link.write_all(&step::encode(&Word { id, gone }));
    }
}

/// The shims take theirs from the same descriptor: it gives each process its own signals.
fn signals() -> nix::Result<SignalFd> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        set.add(signal);
    }
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}
