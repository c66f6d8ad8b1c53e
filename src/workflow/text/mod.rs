//! Text with references in it, e.g. `Fix {{ find.output.failures }} in ${area}`.
//!
//! - `scan`: a text cut at its references; `render`: references become values; `json`: how a text is
//!   stored
//!
//! Invariant: a reference is looked up, never computed with.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::model::StepIndex;

mod json;
mod render;
mod scan;

pub(crate) use render::{render, value};
pub(crate) use scan::{Piece, Wrong, scan};

/// A text whose references are known to lead somewhere. Shared: most commands begin with the same
/// words, and a definition may have 10,000 of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Template(pub(crate) Arc<[Part]>);

/// Reads a list that is kept for long, without the room that a growing one has to spare: most have
/// one element, and room for four.
pub(crate) fn tight<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    <Box<[T]>>::deserialize(from).map(Vec::from)
}

/// A piece of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// Stands for itself.
    Text(String),
    /// Stands for a value.
    Value(Reference),
}

/// What a value is taken from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Reference {
    /// Where it begins.
    pub(crate) root: Root,
    /// Fields, one inside the other; a number is a place in a list.
    pub(crate) path: Vec<String>,
}

/// Where a reference begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Root {
    /// An input of the run.
    Input(String),
    /// The whole output of a step: an object where outputs are declared, what it printed (its last
    /// words, for an agent) where not; a list of them for a step with `for_each`.
    Output(StepIndex),
    /// What every step of its kind gives beside its outputs: `stdout` and `exit_code` of a command,
    /// `text` (the last words) of an agent.
    Always(StepIndex, String),
    /// How a step ended: `ok`, `failed`, `skipped`.
    Status(StepIndex),
    /// What a step of a loop gave back the time before; null the first time.
    Previous(StepIndex),
    /// The present one of a list, of the innermost `for_each` with this step.
    Item(StepIndex),
    /// The key it is known by.
    Key(StepIndex),
    /// How many times the loop of this step has begun, from 1.
    Iteration(StepIndex),
    /// Something of the run: `id`, `workflow`, `workspace`, `dir`, `started`.
    Run(String),
}

/// Gives the values of references.
pub(crate) trait Lookup {
    /// The value where a reference begins; `None` if there is none, e.g. of a step that was skipped.
    fn root(&self, root: &Root) -> Option<Value>;

    /// What a step is called, for messages.
    fn step(&self, index: StepIndex) -> String {
        format!("step {}", index.saturating_add(1))
    }
}

impl Template {
    /// A text of these pieces.
    pub(crate) fn new(parts: Vec<Part>) -> Self {
        Self(Arc::from(parts))
    }

    /// A text without references.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(vec![Part::Text(text.into())])
    }
}

impl Default for Template {
    fn default() -> Self {
        Self::new(vec![])
    }
}
