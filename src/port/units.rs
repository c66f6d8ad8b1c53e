use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::{mpsc, watch};

use crate::base::{
    Mark, UnitId,
    unit::{Exit, Spec, State},
    wire::Ask,
};

/// The units of this home: their folders, their logs, and the shims that run them.
#[async_trait]
pub trait Units: Send + Sync {
    /// Makes the folder of a unit and writes its spec, durable before it returns.
    async fn prepare(&self, spec: &Spec) -> Result<(), UnitError>;
    /// The spec as it was written.
    async fn spec(&self, id: &UnitId) -> Result<Spec, UnitError>;
    /// The command line of a pane that runs a unit, or (`view`) shows one that runs already.
    fn argv(&self, id: &UnitId, view: bool) -> Vec<String>;
    /// Every unit with a folder.
    async fn all(&self) -> Result<Vec<UnitId>, UnitError>;
    /// What the unit's files say without asking its shim: whether the shim of its claim lives, and
    /// the exit record of the newest incarnation.
    async fn found(&self, id: &UnitId) -> Result<Found, UnitError>;
    /// Connects to the shim of a unit that runs, unless already connected, and says its state.
    async fn connect(&self, id: &UnitId) -> Result<State, UnitError>;
    /// Asks a connected shim and waits for its answer.
    async fn ask(&self, id: &UnitId, ask: Ask) -> Result<State, UnitError>;
    /// Writes to the program's terminal; returns the bytes written once they are.
    async fn input(&self, id: &UnitId, bytes: Vec<u8>, paste: bool) -> Result<u64, UnitError>;
    /// Output from `from` on, at most `max` bytes; empty at the end. Read from the files.
    async fn output(&self, id: &UnitId, from: u64, max: usize) -> Result<LogSpan, UnitError>;
    /// The index entries from the newest one at or before `from` on, at most `max`.
    async fn marks(&self, id: &UnitId, from: u64, max: usize) -> Result<Vec<Mark>, UnitError>;
    /// Counts up whenever the log of a unit grows; closed when its shim ends.
    fn growth(&self, id: &UnitId) -> watch::Receiver<u64>;
    /// Removes the folder of a unit that does not run.
    async fn remove(&self, id: &UnitId) -> Result<(), UnitError>;
    /// What shims tell from now on, from all units. Everyone who asks hears everything.
    fn events(&self) -> mpsc::UnboundedReceiver<UnitEvent>;
}

/// What a shim told unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitEvent {
    /// A shim is connected: it started, or it was found again.
    Hello(State),
    /// A new incarnation runs.
    Started(State),
    /// An incarnation ended.
    Exit(Exit),
    /// Nothing that an incarnation started runs any more.
    Emptied(UnitId, u32),
    /// The shim is gone; without an earlier [`UnitEvent::Exit`] of that incarnation (and without an
    /// exit record on disk) nobody knows how the program ended.
    Gone(UnitId),
}

impl UnitEvent {
    /// The unit it is about.
    #[must_use]
    pub fn unit(&self) -> &UnitId {
        match self {
            Self::Hello(state) | Self::Started(state) => &state.claim.id,
            Self::Exit(exit) => &exit.id,
            Self::Emptied(unit, _) | Self::Gone(unit) => unit,
        }
    }
}

/// What the files of a unit say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Claim of the newest shim, if there ever was one.
    pub claim: Option<crate::base::unit::Claim>,
    /// Whether that shim lives (same pid, same start time, same boot).
    pub alive: bool,
    /// Exit record of the newest incarnation that ended.
    pub exit: Option<Exit>,
}

/// A stretch of a unit's output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogSpan {
    /// Offset of its first byte: later than asked for if that is no longer kept.
    pub from: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Offset after the last byte of the whole log at this moment.
    pub end: u64,
}

/// A unit could not be reached, read or written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnitError {
    /// No such folder.
    #[error("there is no pane {0}")]
    Unknown(UnitId),
    /// Its shim does not answer.
    #[error("the program of pane {0} does not run")]
    NotRunning(UnitId),
    /// The shim said no.
    #[error("pane {id}: {what}")]
    Refused {
        /// The unit.
        id: UnitId,
        /// The shim's words.
        what: String,
    },
    /// A fault of the disk or a socket.
    #[error("pane {id}: {what}")]
    Io {
        /// The unit.
        id: UnitId,
        /// What the system said.
        what: String,
    },
}
