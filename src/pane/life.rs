//! Start, end and stop of the program.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    time::{Duration, Instant},
};

use nix::{
    poll::PollTimeout,
    sys::wait::{WaitPidFlag, WaitStatus, waitpid},
    unistd::Pid,
};

use super::{
    child::{self, QUIET, Stage},
    fence, files,
    outer::Outer,
    shim::{Shim, now},
    stages::FORKING_LOOK,
};
use crate::base::{
    MarkKind,
    unit::{self, Exit, OnExit, Reason},
    wire::{Frame, NOT_LOGGED, Tell},
};

/// How far the unit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has run yet; it waits for a person's word.
    Held,
    /// The program runs; `closed`: it let go of its terminal.
    Running { closed: bool },
    /// Its first process has ended well; the one it left behind is looked for.
    Forking { since: Instant, death: Death },
    /// The program is dead; its last output may still be in the terminal.
    Draining { heard: Instant, death: Death },
    /// The exit record is written; the pane stays.
    Ended,
    /// The shim leaves.
    Over,
}

/// How the program died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Death {
    pub(super) code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) core: bool,
}

impl Phase {
    /// Whether a program runs or is just being put to rest.
    pub(super) fn runs(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::Forking { .. } | Self::Draining { .. })
    }

    /// Output came.
    pub(super) fn heard(&mut self, now: Instant) {
        if let Self::Draining { heard, .. } = self {
            *heard = now;
        }
    }
}

impl Shim {
    /// Runs the program: a new incarnation, from the spec as it stands now.
    pub(super) fn start(&mut self) {
        if let Ok(spec) = files::spec(&self.folder) {
            self.spec = spec;
        }
        self.claim.incarnation += 1;
        self.claim.rev = self.spec.rev;
        self.claim.started = now();
        self.exit = None;
        self.scan = Default::default();
        self.log.mark(MarkKind::Start(self.claim.incarnation));
        let (cols, rows) = (self.size.ws_col, self.size.ws_row);
        self.log.mark(MarkKind::Resize { cols, rows });
        (self.stage, self.forked) = (0, false);
        self.run_stage();
    }

    /// Runs the next of the commands before the program, or the program.
    pub(super) fn run_stage(&mut self) {
        let fence = match self
            .spec
            .fence
            .as_ref()
            .map(|fence| fence::build(fence, &self.spec.cwd))
            .transpose()
        {
            Ok(fence) => fence,
            Err(sentence) => return self.not_started(sentence),
        };
        if let Some(lacks) = fence.as_ref().and_then(|fence| fence.lacks.clone()) {
            self.note(&format!("NOT FENCED AS ASKED: {lacks}"));
        }
        let settings = self.outer.as_ref().map(Outer::settings);
        let stage = match self.spec.before.get(self.stage) {
            Some(argv) => Stage { argv, stdin: None, fence },
            None => Stage { argv: &self.spec.argv, stdin: self.spec.stdin.as_deref(), fence },
        };
        match child::start(&self.spec, stage, self.size, settings) {
            Ok(child) => {
                self.claim.child = files::process(child.pid.as_raw());
                self.child = Some(child);
                self.phase = Phase::Running { closed: false };
                self.save_claim();
                let state = self.state();
                self.tell_all(&Tell::Started(state));
            }
            Err(sentence) => self.not_started(sentence),
        }
    }

    pub(super) fn save_claim(&mut self) {
        if let Err(error) = files::write_claim(&self.folder, &self.claim) {
            self.say(&format!("its claim cannot be written: {error}"));
        }
    }

    pub(super) fn not_started(&mut self, sentence: String) {
        self.claim.child = None;
        self.save_claim();
        self.note(&sentence);
        let death = Death { code: Some(127), signal: None, core: false };
        self.finish(death, Reason::NotStarted(sentence));
    }

    /// A line of the shim's own, on the pane and in the log.
    fn note(&mut self, sentence: &str) {
        let line = format!("[gaia] {sentence}\r\n");
        self.log.output(line.as_bytes());
        self.show(line.as_bytes());
    }

    /// Takes in every child that died.
    pub(super) fn reap(&mut self) {
        loop {
            // The next command may have begun within this very loop, and may be dead already.
            let program = self.child.as_ref().map(|child| child.pid);
            let death = match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) if Some(pid) == program => {
                    Death { code: Some(code), signal: None, core: false }
                }
                Ok(WaitStatus::Signaled(pid, signal, core)) if Some(pid) == program => {
                    Death { code: None, signal: Some(signal as i32), core }
                }
                Ok(WaitStatus::StillAlive) | Err(_) => return,
                Ok(_) => continue,
            };
            if self.forks(death) {
                continue;
            }
            let closed = self.phase == Phase::Running { closed: true };
            self.phase = Phase::Draining { heard: Instant::now(), death };
            if closed {
                self.program_closed();
            }
        }
    }

    /// The program's terminal has no writer any more.
    pub(super) fn program_closed(&mut self) {
        match self.phase.clone() {
            Phase::Draining { death, .. } => self.put_to_rest(death),
            Phase::Running { .. } => {
                // Its death may be known to the kernel while its signal is not here yet.
                self.phase = Phase::Running { closed: true };
                self.reap();
            }
            Phase::Forking { .. } | Phase::Held | Phase::Ended | Phase::Over => (),
        }
    }

    pub(super) fn put_to_rest(&mut self, death: Death) {
        if self.next_stage(death) {
            return;
        }
        let reason = self.stopping.as_ref().map_or(Reason::Exited, |stop| stop.reason.clone());
        self.finish(death, reason);
    }

    /// Writes the exit record, then tells everyone.
    pub(super) fn finish(&mut self, death: Death, reason: Reason) {
        self.child = None;
        let left = self.spec.supervised && child::leaves_children();
        self.refuse_typed();
        self.repaint = None;
        self.log.mark(MarkKind::End(self.claim.incarnation));
        let exit = Exit {
            v: unit::VERSION,
            id: self.spec.id.clone(),
            incarnation: self.claim.incarnation,
            code: death.code,
            signal: death.signal,
            core: death.core,
            reason,
            left,
            at: now(),
            log_end: self.log.end(),
        };
        if let Err(error) = self.record(&exit) {
            self.say(&format!("its exit record cannot be written: {error}"));
        }
        self.exit = Some(exit.clone());
        self.phase = Phase::Ended;
        self.tell_all(&Tell::Exit(exit));
        match self.stopping {
            None if left => self.end_rest(),
            None => self.after_exit(),
            Some(_) => (),
        }
    }

    /// What the program did not take it never will.
    fn refuse_typed(&mut self) {
        for typed in std::mem::take(&mut self.typed) {
            if let Some((conn, id)) = typed.receipt {
                let what = "its program ended before it took the input".to_owned();
                self.tell(conn, Tell::NotTyped { id, what });
            }
        }
    }

    fn record(&self, exit: &Exit) -> std::io::Result<()> {
        files::write_exit(&self.folder, exit)?;
        let mut line = serde_json::to_vec(exit)?;
        line.push(b'\n');
        let mut options = OpenOptions::new();
        let path = self.folder.join("exits.jsonl");
        options.append(true).create(true).mode(0o600).open(path)?.write_all(&line)
    }

    pub(super) fn after_exit(&mut self) {
        let watched = self.outer.is_some() || self.conns.iter().any(|conn| conn.view);
        let wanted = watched || self.spec.supervised;
        if self.spec.on_exit == OnExit::Close || !wanted {
            self.phase = Phase::Over;
        } else {
            self.say_ended();
        }
    }

    fn say_ended(&mut self) {
        let Some(exit) = &self.exit else { return };
        let how = match (&exit.reason, exit.code, exit.signal) {
            (Reason::NotStarted(_), ..) => "could not be started".to_owned(),
            (_, Some(code), _) => format!("exited with {code}"),
            (_, None, Some(signal)) => format!("was ended by signal {signal}"),
            (_, None, None) => "ended".to_owned(),
        };
        self.say(&format!("{how} — r: run again, q: close"));
    }

    /// Tells the person that the program waits for them.
    pub(super) fn say_held(&mut self) {
        if self.spec.argv.is_empty() {
            return self.say("not started yet");
        }
        let command = self.spec.argv.join(" ");
        self.say(&format!("not running: {command} — r: run, q: close"));
    }

    /// A line of the shim's own, on the pane only.
    pub(super) fn say(&mut self, sentence: &str) {
        self.show(format!("\r\n\x1b[7m[gaia] {sentence}\x1b[0m\r\n").as_bytes());
    }

    fn show(&mut self, bytes: &[u8]) {
        if let Some(outer) = &mut self.outer {
            outer.show(bytes, Instant::now());
        }
        for conn in self.conns.iter_mut().filter(|conn| conn.view) {
            conn.send(&Frame::Output(NOT_LOGGED, bytes.to_vec()));
        }
    }

    /// Keys of a person, from the pane or a view.
    pub(super) fn keys(&mut self, bytes: &[u8]) {
        match &self.phase {
            Phase::Running { .. } | Phase::Forking { .. } | Phase::Draining { .. } => {
                self.typed
                    .push_back(super::shim::Typed { bytes: bytes.to_vec(), ..Default::default() });
            }
            Phase::Held | Phase::Ended => match bytes {
                [b'r' | b'R', ..] if self.has_program() => self.start(),
                [b'q' | b'Q' | 4, ..] => self.phase = Phase::Over,
                _ => (),
            },
            Phase::Over => (),
        }
    }

    /// Whether there is anything to run: the spec of a service comes with its first start.
    fn has_program(&self) -> bool {
        files::spec(&self.folder).is_ok_and(|spec| !spec.argv.is_empty())
    }

    /// Signals the program's process group.
    pub(super) fn signal_program(&self, signal: i32) -> bool {
        self.child.as_ref().is_some_and(|child| child::send(child.pid, signal, true))
    }

    /// Everything that waits for the clock.
    pub(super) fn tick(&mut self, now: Instant) {
        if let Some((at, size)) = self.repaint
            && at <= now
        {
            self.repaint = None;
            self.resize(size);
        }
        let has_room = self.outer.as_mut().is_none_or(|outer| outer.has_room(now));
        if let Phase::Draining { heard, death } = self.phase
            && has_room
            && now.duration_since(heard) >= QUIET
        {
            // A process in the background holds the terminal open: what it writes later is lost.
            self.put_to_rest(death);
        }
        self.look_for_fork(now);
        self.pursue_stop(now);
    }

    /// How long the loop may wait.
    pub(super) fn patience(&mut self, now: Instant) -> PollTimeout {
        let mut next: Option<Duration> = None;
        let mut at_most = |span: Duration| next = Some(next.map_or(span, |old| old.min(span)));
        if let Phase::Draining { heard, .. } = self.phase {
            at_most(QUIET.saturating_sub(now.duration_since(heard)));
        }
        if let Some((at, _)) = self.repaint {
            at_most(at.saturating_duration_since(now));
        }
        if let Phase::Forking { .. } = self.phase {
            at_most(FORKING_LOOK);
        }
        if let Some(stop) = &self.stopping {
            // After SIGKILL every death comes as SIGCHLD; this is for one that never comes.
            at_most(stop.patience(now));
        }
        if self.outer.as_mut().is_some_and(|outer| !outer.has_room(now)) {
            at_most(Duration::from_millis(200));
        }
        // One more millisecond: poll counts whole ones and must not wake too early.
        next.map_or(PollTimeout::NONE, |span| {
            PollTimeout::try_from(span + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        })
    }
}
