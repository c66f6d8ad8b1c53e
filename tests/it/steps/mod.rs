//! Commands without a pane, with the real host and real shims, and no daemon.

mod adopt;
mod contract;
mod end;
#[cfg(debug_assertions)]
mod race;
mod speed;
mod traces;

use std::{
    collections::BTreeMap,
    future::Future,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use futures_util::FutureExt;
use gaia::{
    adapter::{SystemSteps, process},
    base::Home,
    port::{StepEnd, StepSpec, Steps},
};
use tokio::runtime::Runtime;

use crate::house::{alive, kill, processes, until};

/// A command that can be counted.
const EFFECT: &str = "echo done >> effects";

/// A home for attempts, and the one who runs them.
pub struct Yard {
    pub runtime: Runtime,
    pub folder: tempfile::TempDir,
}

impl Yard {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("gs").tempdir_in("/tmp").unwrap();
        Self { runtime: Runtime::new().unwrap(), folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// One who runs steps, as a daemon would.
    pub fn steps(&self) -> SystemSteps {
        let home = Home::new(self.folder.path().to_owned()).unwrap();
        SystemSteps::new(&home, env!("CARGO_BIN_EXE_gaia").into())
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        let patience = Duration::from_secs(30);
        let work = async { tokio::time::timeout(patience, work).await.expect("it takes forever") };
        self.runtime.block_on(work)
    }

    /// Runs an attempt to its end.
    pub fn run(&self, attempt: &StepSpec) -> StepEnd {
        let steps = self.steps();
        self.wait(async { steps.run(attempt).await.unwrap() })
    }

    /// An attempt `name` at a line of shell, in the folder of the yard.
    pub fn shell(&self, name: &str, line: &str) -> StepSpec {
        self.spec(name, &["sh", "-c", line])
    }

    pub fn spec(&self, name: &str, argv: &[&str]) -> StepSpec {
        let env = [("PATH".to_owned(), std::env::var("PATH").unwrap())];
        StepSpec {
            folder: self.path("at").join(name),
            argv: argv.iter().map(|word| (*word).to_owned()).collect(),
            env: BTreeMap::from(env),
            cwd: self.folder.path().to_owned(),
            stdin: None,
            fence: None,
            limits: BTreeMap::new(),
            log_limit: 64 << 20,
            grace_ms: 200,
            boot: process::boot(),
        }
    }

    /// Something that `read x < gate` in a command waits for.
    pub fn gate(&self) {
        nix::unistd::mkfifo(&self.path("gate"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }

    pub fn open_gate(&self) {
        std::fs::write(self.path("gate"), "go\n").unwrap();
    }

    /// How often commands wrote a line to this file.
    pub fn lines(&self, name: &str) -> usize {
        std::fs::read_to_string(self.path(name)).unwrap_or_default().lines().count()
    }

    /// Everything that belongs to this yard: hosts, shims, commands, and what those left.
    pub fn all(&self) -> Vec<i32> {
        let folder = self.folder.path().to_str().unwrap().to_owned();
        let names = |pid: i32, file: &str| {
            let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(&folder)
        };
        let of = |pid: &i32| names(*pid, "cmdline") || names(*pid, "environ");
        processes().into_iter().filter(|pid| of(pid) && alive(*pid)).collect()
    }

    /// The commands of the yard, and what those left.
    pub fn commands(&self) -> Vec<i32> {
        let mark = format!("GAIA_STEP={}", self.folder.path().display());
        let of = |pid: &i32| {
            let text = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(&mark)
        };
        self.all().into_iter().filter(of).collect()
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        for pid in self.all() {
            kill(pid, "KILL");
        }
    }
}

/// The shim of an attempt, once it has claimed it.
pub fn shim(folder: &Path) -> i32 {
    until("it is claimed", || folder.join("claim").is_symlink());
    let claim = std::fs::read_link(folder.join("claim")).unwrap();
    claim.to_str().unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// Waits until a command has written this to its log.
pub fn says(folder: &Path, text: &str) {
    let log = || std::fs::read(folder.join("log")).unwrap_or_default();
    until(&format!("it says {text}"), || String::from_utf8_lossy(&log()).contains(text));
}

/// Exit code of an attempt that ended by itself, and whether it left something behind.
pub fn code(end: &StepEnd) -> (Option<i32>, bool) {
    match end {
        StepEnd::Exited { code, signal: None, stopped: false, left, .. } => (*code, *left),
        other => panic!("{other:?}"),
    }
}

pub fn lost(end: &StepEnd) -> &str {
    match end {
        StepEnd::Lost(why) => why,
        StepEnd::Exited { .. } => panic!("{end:?}"),
    }
}

/// Orders an attempt and is gone, as by kill -9: the one who ordered closes its end of the socket.
fn order_and_die(yard: &Yard, steps: SystemSteps, attempt: &StepSpec) -> i32 {
    yard.runtime.block_on(async {
        assert!(steps.run(attempt).now_or_never().is_none(), "it has begun");
        let host = i32::try_from(steps.host_pid().unwrap()).unwrap();
        drop(steps);
        host
    })
}

/// Ends processes as nobody expects it.
pub fn crash(pid: i32) {
    let done = Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
    assert!(done.success());
    until("it is dead", || !alive(pid));
}
