//! What is stored of triggers.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::{Ended, Firing};
use crate::{
    base::{Moment, Name},
    ledger::Record,
};

/// A workspace whose triggers are looked after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkspaceRecord {
    pub(crate) workspace: Name,
    pub(crate) dir: PathBuf,
}

impl Record for WorkspaceRecord {
    const KIND: &'static str = "trigger-workspace";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.workspace.to_string()
    }
}

/// How far a trigger is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TriggerRecord {
    pub(crate) workspace: Name,
    pub(crate) name: Name,
    /// When it fires, as shown; another one is another trigger.
    pub(crate) source: String,
    /// Every slot up to it is settled.
    pub(crate) watermark: Moment,
    /// Facts up to it do not fire it.
    pub(crate) since: u64,
    /// What a person said, or failures, in place of the definition.
    pub(crate) enabled: Option<bool>,
    /// Why it is not enabled.
    pub(crate) why: Option<String>,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// Firings that count for the limit.
    pub(crate) recent: Vec<Moment>,
    /// The boot that it has seen.
    pub(crate) boot: Option<String>,
    /// Firings so far.
    pub(crate) fired: u64,
}

impl Record for TriggerRecord {
    const KIND: &'static str = "trigger";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        format!("{}/{}", self.workspace, self.name)
    }
}

/// One firing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FiringRecord {
    pub(crate) id: String,
    pub(crate) workspace: Name,
    pub(crate) trigger: Name,
    pub(crate) at: Moment,
    /// What is known of it.
    pub(crate) known: Value,
    /// Inputs that a person gave.
    pub(crate) given: Map<String, Value>,
    pub(crate) state: State,
    /// What is started; not kept once it is over.
    pub(crate) firing: Option<Firing>,
}

/// How far a firing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// An earlier one runs.
    Waiting,
    /// It is being started: asked for again after a crash, by its id.
    Handed,
    /// It runs, by this name.
    Running(String),
    /// It is over.
    Over(Outcome),
}

/// How a firing ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Well.
    Done,
    /// Not well: a sentence.
    Failed(String),
    /// Not wanted any more.
    Cancelled,
    /// Nothing was started: why.
    Skipped(String),
}

impl State {
    /// Whether something of it runs, or is about to.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self, Self::Handed | Self::Running(_))
    }

    /// In a word or a line.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Waiting => "waits".to_owned(),
            Self::Handed => "starts".to_owned(),
            Self::Running(run) => format!("runs as {run}"),
            Self::Over(Outcome::Done) => "done".to_owned(),
            Self::Over(Outcome::Failed(why)) => format!("failed: {why}"),
            Self::Over(Outcome::Cancelled) => "cancelled".to_owned(),
            Self::Over(Outcome::Skipped(why)) => format!("left out: {why}"),
        }
    }
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Done => Self::Done,
            Ended::Failed(why) => Self::Failed(why),
            Ended::Cancelled => Self::Cancelled,
            Ended::Lost => Self::Failed("it was cut off, and nobody knows how far it was".into()),
        }
    }
}

impl Record for FiringRecord {
    const KIND: &'static str = "firing";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        format!("{}/{}/{}", self.workspace, self.trigger, self.id)
    }
}

/// How far the ledger has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CursorRecord {
    pub(crate) seq: u64,
}

impl Record for CursorRecord {
    const KIND: &'static str = "trigger-cursor";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        "ledger".to_owned()
    }
}
