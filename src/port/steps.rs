use std::{path::Path, time::Duration};

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::watch;

use super::units::LogSpan;
use crate::base::Moment;
pub use crate::base::step::Spec as StepSpec;

/// Commands that run without a pane and outlive the daemon. An attempt is known by its folder, and
/// runs at most once.
#[async_trait]
pub trait Steps: Send + Sync {
    /// Runs an attempt to its end: starts it unless it was started, goes on with it if it runs,
    /// says how it ended if it has. Whoever stops waiting does not stop the attempt.
    async fn run(&self, attempt: &StepSpec) -> Result<StepEnd, StepError>;
    /// Ends an attempt with everything it started; returns when nothing of it runs. One that has
    /// not begun never will.
    async fn stop(&self, folder: &Path, signal: i32, grace: Duration) -> Result<(), StepError>;
    /// Its log from an offset on, at most `max` bytes; empty at the end.
    async fn log(&self, folder: &Path, from: u64, max: usize) -> Result<LogSpan, StepError>;
    /// At most the first `limit` bytes of a file of an attempt; `None` if there is no such file, or
    /// if it is something else than a file.
    async fn file(
        &self,
        folder: &Path,
        which: StepFile,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, StepError>;
    /// The length of its log; changes when that grows. Closed when the attempt has ended, or when
    /// it cannot be watched.
    fn growth(&self, folder: &Path) -> watch::Receiver<u64>;
    /// Removes the folder of an attempt that does not run.
    async fn remove(&self, folder: &Path) -> Result<(), StepError>;
    /// Which boot of the machine this is.
    fn boot(&self) -> String;
}

/// A file in the folder of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepFile {
    /// Its standard output, of which one MiB is kept.
    Out,
    /// What the command filled with values; its path is `output` in the folder. It is there if the
    /// command made it, or stood behind a fence.
    Output,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEnd {
    /// It ended, and everything it started has.
    Exited {
        /// Exit code of the program; 127 if it could not be started.
        code: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// It was stopped, or withdrawn before it began.
        stopped: bool,
        /// It left processes behind, which were ended then.
        left: bool,
        /// What a person should know of it.
        note: Option<String>,
        /// When it began.
        started: Moment,
        /// When nothing of it ran any more.
        ended: Moment,
    },
    /// Nobody knows how far it came; the sentence says why. Nothing of it runs.
    Lost(String),
}

/// An attempt could not be run, stopped or read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StepError {
    /// It runs.
    #[error("the step in {0} still runs")]
    Runs(String),
    /// A fault of the machine.
    #[error("the step in {folder}: {what}")]
    Failed {
        /// Its folder.
        folder: String,
        /// What the system said.
        what: String,
    },
}
