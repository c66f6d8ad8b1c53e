//! What `when` and `until` say: references compared with values, and nothing that computes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::Reference;

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

pub(crate) fn eval(_t: &Expr, _l: &dyn super::text::Lookup) -> Result<bool, String> {
    Err(String::new())
}
