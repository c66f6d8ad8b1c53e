//! The shim of one attempt.

use std::{
    io::{self, PipeReader, Read},
    os::{fd::AsFd, unix::fs::symlink},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::Signal,
        signalfd::SignalFd,
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{Pid, setsid},
};

use super::{
    ending::{Ending, Next},
    start::{self, Started},
    traces::{Traces, make_empty},
    trouble,
};
use crate::{
    base::{
        Moment,
        step::{self, Claim, Exit, Spec, Stop},
    },
    pane::{child, files, shim::now},
};

/// How much is still read of a pipe when nothing of the attempt runs any more: more than the kernel
/// keeps in one. Who writes on was handed it by the attempt and is not part of it.
const LAST: usize = 1 << 20;
/// Pause before the exit is written once more to a disk that was full.
const FULL: Duration = Duration::from_millis(500);

/// One of the two ways that a command writes.
struct Pipe {
    end: PipeReader,
    /// Its standard output.
    plain: bool,
}

struct Shim<'a> {
    spec: &'a Spec,
    signals: &'a SignalFd,
    program: Pid,
    pipes: Vec<Pipe>,
    traces: Traces<'a>,
    /// Code and signal, once it is dead.
    death: Option<(Option<i32>, Option<i32>)>,
    /// Nothing that it started runs any more.
    alone: bool,
    ending: Option<Ending>,
    stopped: bool,
    left: bool,
    note: Option<String>,
}

/// Runs an attempt, unless another has; 0 or the number of an error.
pub(super) fn run(spec: &Spec, boot: &str, signals: &SignalFd) -> u8 {
    let done = begin(spec, boot).and_then(|()| {
        let exit = attempt(spec, signals);
        tell(spec, &exit)
    });
    let code = |e: io::Error| e.raw_os_error().unwrap_or(libc::EIO);
    done.map_or_else(|e| u8::try_from(code(e)).unwrap_or(u8::MAX), |()| 0)
}

/// Leaves the exit behind; a full disk is waited for, or nobody would learn how it ended.
fn tell(spec: &Spec, exit: &Exit) -> io::Result<()> {
    loop {
        // Not forced to the disk, see the head of this room.
        match files::replace(&spec.folder, step::EXIT, exit, false) {
            Err(error) if is_full(&error) => std::thread::sleep(FULL),
            done => return done,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Makes this process a shim, and the attempt its own.
fn begin(spec: &Spec, boot: &str) -> io::Result<()> {
    setsid()?;
    prctl::set_child_subreaper(true)?;
    prctl::set_name(c"gaia-step")?;
    trouble::delay();
    let own = files::process(std::process::id() as i32).ok_or(Errno::ESRCH)?;
    let claim = Claim { pid: own.pid, start: own.start, boot: boot.to_owned() };
    let path = spec.folder.join(step::CLAIM);
    if trouble::claims_blindly() {
        let _ = std::fs::remove_file(&path);
    }
    symlink(claim.to_string(), path)
}

/// From the claim to the end of everything.
fn attempt(spec: &Spec, signals: &SignalFd) -> Exit {
    let started = now();
    let mut traces = Traces::new(&spec.folder, spec.log_limit);
    // A fence can open only what is there; otherwise the command makes it if it has something to say.
    let ready = match &spec.fence {
        Some(_) => make_empty(&spec.folder.join(step::OUTPUT)),
        None => Ok(()),
    };
    let ready = ready.map_err(|e| format!("its files: {e}"));
    match ready.and_then(|()| start::start(spec)) {
        Ok(program) => {
            let mut shim = Shim::new(spec, signals, traces, program);
            shim.serve();
            shim.exit(started)
        }
        Err(sentence) => {
            traces.note(&sentence);
            not_started(sentence, started)
        }
    }
}

fn not_started(sentence: String, started: Moment) -> Exit {
    Exit {
        code: Some(127),
        signal: None,
        stopped: false,
        left: false,
        note: Some(sentence),
        started,
        ended: now(),
    }
}

impl<'a> Shim<'a> {
    fn new(
        spec: &'a Spec,
        signals: &'a SignalFd,
        mut traces: Traces<'a>,
        program: Started,
    ) -> Self {
        let note = program.lacks.map(|lacks| format!("NOT FENCED AS ASKED: {lacks}"));
        if let Some(note) = &note {
            traces.note(note);
        }
        let out = Pipe { end: program.out, plain: true };
        let err = Pipe { end: program.err, plain: false };
        Self {
            spec,
            signals,
            program: program.pid,
            pipes: vec![out, err],
            traces,
            death: None,
            alone: false,
            ending: None,
            stopped: false,
            left: false,
            note,
        }
    }

    /// Until nothing of it runs, and all that it wrote is read.
    fn serve(&mut self) {
        while self.death.is_none() || !self.alone {
            self.turn();
            if !self.pursue_end(Instant::now()) {
                let note = "some of what it started cannot be ended".to_owned();
                self.note.get_or_insert(note);
                break;
            }
        }
        self.read_last();
    }

    fn turn(&mut self) {
        let patience = self.ending.as_ref().map(|ending| ending.patience(Instant::now()));
        // One more millisecond: poll counts whole ones and must not wake too early.
        let patience = patience.map_or(PollTimeout::NONE, |span| {
            PollTimeout::try_from(span + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        });
        let mut fds = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        fds.extend(self.pipes.iter().map(|p| PollFd::new(p.end.as_fd(), PollFlags::POLLIN)));
        if poll(&mut fds, patience).is_err() {
            return;
        }
        let seen: Vec<_> =
            fds.iter().map(|fd| fd.revents().unwrap_or(PollFlags::empty())).collect();
        // From the end, so that a closed one can be taken out.
        for at in (0..self.pipes.len()).rev() {
            let seen = seen[at + 1];
            if seen.is_empty() {
                continue;
            }
            if !seen.contains(PollFlags::POLLIN) || self.read(at) == 0 {
                drop(self.pipes.remove(at));
            }
        }
        if !seen[0].is_empty() {
            self.take_signals();
        }
    }

    /// Reads once; 0 at the end.
    fn read(&mut self, at: usize) -> usize {
        let mut bytes = [0; 16 << 10];
        let pipe = &mut self.pipes[at];
        let got = loop {
            match pipe.end.read(&mut bytes) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => (),
                other => break other.unwrap_or(0),
            }
        };
        if got > 0 {
            self.traces.take(&bytes[..got], pipe.plain);
        }
        got
    }

    fn read_last(&mut self) {
        for at in 0..self.pipes.len() {
            let mut read = 0;
            while child::nonblocking(&self.pipes[at].end).is_ok() && read < LAST {
                match self.read(at) {
                    0 => break,
                    got => read += got,
                }
            }
        }
    }

    /// A hangup or an interrupt is meant for others.
    fn take_signals(&mut self) {
        let mut died = false;
        while let Ok(Some(signal)) = self.signals.read_signal() {
            died |= signal.ssi_signo == Signal::SIGCHLD as u32;
            if signal.ssi_signo == Signal::SIGTERM as u32 {
                self.stop(Stop::unpack(signal.ssi_int).unwrap_or(self.usual()));
            }
        }
        if died {
            self.reap();
        }
    }

    /// How it is stopped when nobody says how.
    fn usual(&self) -> Stop {
        Stop { signal: libc::SIGTERM, grace_ms: self.spec.grace_ms }
    }

    fn stop(&mut self, stop: Stop) {
        self.stopped |= self.death.is_none();
        self.ending = Some(match self.death {
            None => Ending::of_program(self.program, stop),
            Some(_) => Ending::of_the_rest(stop),
        });
    }

    /// Takes in every child that died.
    fn reap(&mut self) {
        let before = self.death;
        self.alone = loop {
            let (pid, death) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, (Some(code), None)),
                Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, (None, Some(signal as i32))),
                Ok(WaitStatus::StillAlive) => break false,
                Ok(_) => continue,
                Err(_) => break true,
            };
            if pid == self.program {
                self.death = Some(death);
            }
        };
        if before.is_none() && self.death.is_some() && !self.alone {
            self.left = true;
            match &self.ending {
                Some(ending) => ending.reach_all(),
                None => self.ending = Some(Ending::of_the_rest(self.usual())),
            }
        }
    }

    /// Whether there is still something to hope for.
    fn pursue_end(&mut self, now: Instant) -> bool {
        let Some(ending) = &mut self.ending else { return true };
        match ending.next(now) {
            Next::Wait => (),
            Next::Kill => ending.kill(),
            Next::GiveUp => return self.death.is_some() && self.alone,
        }
        true
    }

    fn exit(self, started: Moment) -> Exit {
        let (code, signal) = self.death.unwrap_or((None, Some(libc::SIGKILL)));
        let note = self.note.or(self.traces.fault);
        let (stopped, left) = (self.stopped, self.left);
        Exit { code, signal, stopped, left, note, started, ended: now() }
    }
}
