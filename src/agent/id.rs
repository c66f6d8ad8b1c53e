use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of a task: `t` and a number that grows, e.g. `t17`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TaskId(pub u64);

/// Text that is no task's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no task: they look like t17")]
pub struct BadTaskId(pub String);

impl FromStr for TaskId {
    type Err = BadTaskId;

    fn from_str(text: &str) -> Result<Self, BadTaskId> {
        let digits = text.strip_prefix('t').unwrap_or("");
        let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok());
        number.flatten().map(Self).ok_or_else(|| BadTaskId(text.to_owned()))
    }
}

impl TryFrom<String> for TaskId {
    type Error = BadTaskId;
    fn try_from(text: String) -> Result<Self, BadTaskId> {
        text.parse()
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}
