//! Attempts at steps: their folders on disk, the host that forks their shims, and what the kernel
//! says of those that an earlier daemon started.
//!
//! Rooms: `look` (what is known of an attempt), `host` (the process and the socket), `rest` (what a
//! killed shim leaves), `read` (files of a folder), `growth`.
//!
//! Invariants:
//! - What the kernel and the folder say decides; nothing is remembered of an attempt.
//! - Asking for an attempt again is always safe: its claim can be made once.

mod growth;
mod host;
mod look;
mod read;
mod rest;

use std::{
    os::{fd::OwnedFd, unix::fs::symlink},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use nix::errno::Errno;
use tokio::sync::watch;

use self::{host::Host, look::Found};
use super::{files, process, sys};
use crate::{
    base::{
        Home,
        step::{self, Claim, Gone, Stop},
    },
    port::{LogSpan, StepEnd, StepError, StepFile, StepSpec, Steps},
};

/// How often an attempt is ordered whose shim ends without a word, before that counts as a fault.
const TRIES: usize = 5;
/// How much longer than its grace a stop may take, until the shim itself is killed.
const AFTER_GRACE: Duration = Duration::from_secs(5);

/// The real steps.
pub struct SystemSteps {
    /// How the host is started: `gaia pane --steps <home>`, and its environment.
    argv: [std::ffi::OsString; 4],
    env: Vec<(String, String)>,
    host: Mutex<Option<Arc<Host>>>,
    boot: String,
}

impl SystemSteps {
    /// The steps of a home; `exe` is the gaia that runs them.
    #[must_use]
    pub fn new(home: &Home, exe: PathBuf) -> Self {
        let argv = [exe.into(), "pane".into(), "--steps".into(), home.root().into()];
        // What tests do to shims comes this way.
        let passed =
            |(name, _): &(String, String)| cfg!(debug_assertions) && name.starts_with("GAIA_STEP_");
        let known = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let env: Vec<(String, String)> = known.filter(passed).collect();
        // A machine that was started anew, as tests see it.
        let anew = env.iter().find(|(name, _)| name == "GAIA_STEP_BOOT");
        let boot = anew.map_or_else(process::boot, |(_, boot)| boot.clone());
        Self { argv, env, host: Mutex::default(), boot }
    }

    /// Gives the host this in its environment.
    #[cfg(debug_assertions)]
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The process id of the host, if there is one.
    #[must_use]
    pub fn host_pid(&self) -> Option<u32> {
        let host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        host.as_ref().filter(|host| !host.is_gone()).and_then(|host| host.pid)
    }

    /// The host, started unless it runs.
    fn host(&self) -> std::io::Result<Arc<Host>> {
        let mut host = self.host.lock().unwrap_or_else(PoisonError::into_inner);
        match &*host {
            Some(host) if !host.is_gone() => Ok(Arc::clone(host)),
            Some(_) | None => {
                let fresh = Host::start(&self.argv, &self.env)?;
                *host = Some(Arc::clone(&fresh));
                Ok(fresh)
            }
        }
    }

    /// Orders an attempt and waits until the shim of this order has ended.
    async fn order(&self, attempt: &StepSpec) -> Result<(), StepError> {
        let io = |e: std::io::Error| failed(&attempt.folder, &e);
        let gone = self.host().map_err(io)?.order(attempt).map_err(io)?;
        match gone.await {
            // Another has it, or the host is gone: what the folder says is to be asked again.
            Ok(Gone::Left(0) | Gone::Killed) | Err(_) => Ok(()),
            Ok(Gone::Left(errno)) if errno == Errno::EEXIST as i32 => Ok(()),
            Ok(Gone::Left(errno) | Gone::NotForked(errno)) => {
                // Its exit may be what could not be written: then it is lost.
                let begun = look::claim(&attempt.folder).is_some();
                if begun { Ok(()) } else { Err(io(std::io::Error::from_raw_os_error(errno))) }
            }
        }
    }
}

#[async_trait]
impl Steps for SystemSteps {
    async fn run(&self, attempt: &StepSpec) -> Result<StepEnd, StepError> {
        let folder = &attempt.folder;
        files::private_dir(folder).map_err(|e| failed(folder, &e))?;
        let mut tries = 0;
        loop {
            match look::look(folder, &attempt.boot, &self.boot) {
                Found::Ended(end) => return Ok(end),
                Found::Lost(why) => {
                    rest::end(folder).await;
                    return Ok(StepEnd::Lost(why));
                }
                Found::Runs(shim) => ended(shim.fd).await.map_err(|e| failed(folder, &e))?,
                Found::Nothing if tries == TRIES => {
                    return Err(failed(folder, &"its shims end before they begin"));
                }
                Found::Nothing => {
                    tries += 1;
                    self.order(attempt).await?;
                }
            }
        }
    }

    async fn stop(&self, folder: &Path, signal: i32, grace: Duration) -> Result<(), StepError> {
        let io = |e: std::io::Error| failed(folder, &e);
        files::private_dir(folder).map_err(io)?;
        loop {
            match look::look(folder, &self.boot, &self.boot) {
                Found::Ended(_) => return Ok(()),
                Found::Lost(_) => {
                    rest::end(folder).await;
                    return Ok(());
                }
                Found::Nothing => {
                    // Whoever is on the way to it comes too late.
                    let claim = Claim::withdrawn(self.boot.clone()).to_string();
                    match symlink(claim, folder.join(step::CLAIM)) {
                        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => (),
                        other => return other.map_err(io),
                    }
                }
                Found::Runs(shim) => {
                    let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
                    sys::tell_to_end(shim.pid, Stop { signal, grace_ms }.pack());
                    // One that is held does not hear.
                    let _ = process::signal(shim.pid, libc::SIGCONT);
                    match tokio::time::timeout(grace + AFTER_GRACE, ended(shim.fd)).await {
                        Ok(done) => done.map_err(io)?,
                        Err(_) => drop(process::signal(shim.pid, libc::SIGKILL)),
                    }
                }
            }
        }
    }

    async fn log(&self, folder: &Path, from: u64, max: usize) -> Result<LogSpan, StepError> {
        read::log(folder, from, max).map_err(|e| failed(folder, &e))
    }

    async fn file(
        &self,
        folder: &Path,
        which: StepFile,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, StepError> {
        let name = match which {
            StepFile::Out => step::OUT,
            StepFile::Output => step::OUTPUT,
        };
        read::file(&folder.join(name), limit).map_err(|e| failed(folder, &e))
    }

    fn growth(&self, folder: &Path) -> watch::Receiver<u64> {
        growth::growth(folder.to_owned())
    }

    async fn remove(&self, folder: &Path) -> Result<(), StepError> {
        if let Found::Runs(_) = look::look(folder, &self.boot, &self.boot) {
            return Err(StepError::Runs(folder.display().to_string()));
        }
        match std::fs::remove_dir_all(folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(failed(folder, &e)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn boot(&self) -> String {
        self.boot.clone()
    }
}

/// Returns when a process has ended.
async fn ended(pidfd: OwnedFd) -> std::io::Result<()> {
    sys::readable(pidfd)?.readable().await.map(drop)
}

fn failed(folder: &Path, what: &dyn std::fmt::Display) -> StepError {
    StepError::Failed { folder: folder.display().to_string(), what: what.to_string() }
}
