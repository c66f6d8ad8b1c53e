//! How often a step is done, when, and what its end means.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workflow::{expr::Expr, text::Template};

/// A step is done once for each of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ForEach {
    /// The list: a reference to one, or a list of texts.
    pub(crate) items: Items,
    /// What one of them is called inside.
    pub(crate) name: String,
    /// Field of an item (or the item itself) by which it is known again.
    pub(crate) key: Option<String>,
    /// At a time.
    pub(crate) max_parallel: Option<u32>,
    /// When it has ended well.
    pub(crate) join: Join,
    /// Whether those that have not begun are still begun after one has failed.
    pub(crate) on_child_failure: OnChildFailure,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Items {
    /// A reference to a list.
    From(Template),
    /// These.
    These(Vec<Value>),
}

/// When a step that is done several times has ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Join {
    /// When all are over, however they ended; those that failed are told.
    AllDone,
    /// When all ended well.
    AllOk,
}

/// What the failure of one means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnChildFailure {
    /// Nothing.
    Continue,
    /// No more are begun.
    Stop,
}

/// A step is done again until something is so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Repeat {
    /// What must be so.
    pub(crate) until: Expr,
    /// Most times.
    pub(crate) max_iterations: u32,
    /// What is done when it is not so after the last.
    pub(crate) on_exhausted: OnExhausted,
    /// It is exhausted when its outputs are the same so often in a row; 0 for never.
    pub(crate) no_progress: u32,
}

/// What is done when a loop comes to its last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnExhausted {
    /// The step fails.
    Fail,
    /// A person says whether it goes on.
    Ask,
    /// The step ends well.
    Continue,
}

/// Tries beyond the first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Retry {
    /// Most of them.
    pub(crate) max: u32,
    /// Pause before the first, in milliseconds.
    pub(crate) backoff_ms: u64,
    /// The pause grows by this factor each time.
    pub(crate) factor: f64,
    /// Longest pause, in milliseconds.
    pub(crate) max_backoff_ms: u64,
    /// Failures that are worth another try; empty for all.
    pub(crate) on: Vec<RetryOn>,
}

/// A failure that is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RetryOn {
    /// This exit code.
    Code(i32),
    /// It took too long, or was silent too long.
    Timeout,
    /// Nobody knows how it ended.
    Lost,
    /// What it gave back does not fit.
    OutputInvalid,
    /// Anything else.
    Failed,
}

/// What the failure of a step means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnError {
    /// The run fails; what does not need the step goes on.
    #[default]
    Fail,
    /// The run goes on as if it had ended well.
    Continue,
    /// A person says what is done.
    Ask,
}

/// What is done when nobody knows how an attempt ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnLost {
    /// It is tried again: it may be done twice.
    Retry,
    /// A person says what is done.
    #[default]
    Ask,
    /// The step fails.
    Fail,
}

/// How many at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Concurrency {
    /// All with the same group share the number; inputs may stand in it.
    pub(crate) group: Template,
    /// At a time.
    pub(crate) max: u32,
    /// What becomes of one that finds no room.
    pub(crate) when_full: WhenFull,
}

/// What becomes of a run that finds no room in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhenFull {
    /// It waits.
    Queue,
    /// It waits, and those that waited before are cancelled.
    ReplacePending,
    /// Those that run are cancelled.
    CancelRunning,
    /// It is not done.
    Skip,
}
