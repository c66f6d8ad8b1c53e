//! What a value must be: a part of JSON Schema.
//!
//! - `check`: whether it is; `words`: what it must be, for people, agents and command lines
//!
//! Invariant: a value that does not fit is told with its place, in words that its giver can act on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod check;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use check::{check, matches_kind, pattern};
pub(crate) use words::{describe, from_text, is_placeholder, request};

/// What a value must be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Schema {
    /// What kind of value; any if it is left out.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<Type>,
    /// What it means, for whoever gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Whether null will do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) nullable: bool,
    /// One of these.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub(crate) one_of: Vec<Value>,
    /// A text that this regular expression fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pattern: Option<String>,
    /// Characters at least.
    #[serde(rename = "minLength", skip_serializing_if = "Option::is_none")]
    pub(crate) min_length: Option<u64>,
    /// Characters at most.
    #[serde(rename = "maxLength", skip_serializing_if = "Option::is_none")]
    pub(crate) max_length: Option<u64>,
    /// Smallest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<f64>,
    /// Greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<f64>,
    /// Items at least.
    #[serde(rename = "minItems", skip_serializing_if = "Option::is_none")]
    pub(crate) min_items: Option<u64>,
    /// Items at most.
    #[serde(rename = "maxItems", skip_serializing_if = "Option::is_none")]
    pub(crate) max_items: Option<u64>,
    /// What each item of a list must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<Box<Schema>>,
    /// What fields of an object must be.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) properties: BTreeMap<String, Schema>,
    /// Fields that must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) required: Vec<String>,
}

/// A kind of value, in the words of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    Array,
    /// Fields with values.
    Object,
}
