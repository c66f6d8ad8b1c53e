//! A program that is more than one process after the other: the commands before it, and the one
//! that a forking service leaves behind.

use std::{
    fs,
    time::{Duration, Instant},
};

use nix::unistd::{Pid, getpid};

use super::{
    child::Child,
    files,
    life::{Death, Phase},
    shim::Shim,
};
use crate::base::{Stat, unit::Reason, wire::Tell};

/// How often the pid file of a forking service is looked for; nothing tells when it is written.
pub(super) const FORKING_LOOK: Duration = Duration::from_millis(20);
/// How long it may take until it is there.
const FORKING_WAIT: Duration = Duration::from_secs(10);

impl Shim {
    /// Whether the incarnation goes on with its next command.
    pub(super) fn next_stage(&mut self, death: Death) -> bool {
        let Some(argv) = self.spec.before.get(self.stage) else { return false };
        if self.stopping.is_some() {
            return false;
        }
        if death.code == Some(0) {
            self.stage += 1;
            self.run_stage();
            return true;
        }
        let how = match (death.code, death.signal) {
            (Some(code), _) => format!("exited with {code}"),
            (None, signal) => format!("was ended by signal {}", signal.unwrap_or(0)),
        };
        let line = argv.last().map_or("", |line| line.lines().next().unwrap_or(""));
        let sentence = match self.last_line() {
            Some(said) => format!("{said} (its pre_start command {how})"),
            None => format!("its pre_start command `{line}` {how}"),
        };
        self.finish(death, Reason::NotStarted(sentence));
        true
    }

    /// The last line that was written, without what only a terminal understands.
    fn last_line(&self) -> Option<String> {
        let tail = super::log::tail(&self.folder.join(crate::base::unit::LOG), self.log.end());
        let text = crate::base::plain(&String::from_utf8_lossy(&tail));
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
        Some(line.chars().take(200).collect())
    }

    /// Whether the commands before the program run, or the one that leaves the real one behind.
    pub(super) fn is_preparing(&self) -> bool {
        let before = self.stage < self.spec.before.len();
        let forks = self.spec.pid_file.is_some() && !self.forked;
        self.phase.runs() && (before || forks)
    }

    /// Whether the process that ended has left the real one behind.
    pub(super) fn forks(&mut self, death: Death) -> bool {
        let running = matches!(self.phase, Phase::Running { .. });
        let real = self.stage >= self.spec.before.len() && !self.forked;
        if self.spec.pid_file.is_none() || !running || !real || death.code != Some(0) {
            return false;
        }
        self.phase = Phase::Forking { since: Instant::now(), death };
        true
    }

    /// Takes the process whose pid stands in the pid file for the program.
    pub(super) fn look_for_fork(&mut self, now: Instant) {
        let Phase::Forking { since, death } = self.phase else { return };
        if let Some(pid) = self.pid_in_file() {
            let Some(child) = self.child.take() else { return };
            self.child = Some(Child { pid, master: child.master });
            self.claim.child = files::process(pid.as_raw());
            self.phase = Phase::Running { closed: false };
            self.forked = true;
            self.save_claim();
            let state = self.state();
            self.tell_all(&Tell::Started(state));
            return self.reap();
        }
        if self.stopping.is_some() {
            self.put_to_rest(death);
        } else if now.duration_since(since) > FORKING_WAIT {
            let file =
                self.spec.pid_file.as_deref().map_or(String::new(), |f| f.display().to_string());
            let sentence = format!("it ended with 0, and no process of its own stands in {file}");
            self.finish(death, Reason::NotStarted(sentence));
        }
    }

    /// The pid in the file, if it is a process that the program left to us.
    fn pid_in_file(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.spec.pid_file.as_ref()?).ok()?;
        let pid: i32 = text.split_whitespace().next()?.parse().ok()?;
        let stat = Stat::read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
        // A stale file names a stranger; ours was handed to us when its parent ended.
        (stat.parent == getpid().as_raw()).then(|| Pid::from_raw(pid))
    }
}
