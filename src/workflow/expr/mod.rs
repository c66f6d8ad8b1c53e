//! What `when` and `until` say: references compared with values, and nothing that computes.
//!
//! - `token`, `parse`: from a text to an expression; `eval`: whether it is so
//!
//! Invariant: what cannot be read is a fault when the file is read, and what has no value is an
//! error when it is asked for; neither is ever taken for false.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::Reference;

mod eval;
mod parse;
mod token;

pub(crate) use eval::eval;
pub(crate) use parse::parse;

/// Something that is so or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expr {
    /// All are so.
    All(Vec<Self>),
    /// One is so.
    Any(Vec<Self>),
    /// It is not so.
    Not(Box<Self>),
    /// Both are equal.
    Equal(Operand, Operand),
    /// One is among the others.
    In(Operand, Operand),
    /// A value that is itself so or not: true; false, null, an empty text or list are not.
    Is(Operand),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operand {
    /// A reference.
    Value(Reference),
    /// A value as written.
    Literal(Value),
}
