//! Reading loosely typed definitions.

use serde_json::{Map, Value};

/// What could not be carried over.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<String>);

impl Notes {
    /// Remembers a key that stays behind.
    pub(super) fn left(&mut self, at: &str, why: &str) {
        self.0.push(format!("{at}: {why}"));
    }

    /// Remembers every key of a table that nobody asked for.
    pub(super) fn unread(&mut self, at: &str, table: &Value, known: &[&str]) {
        for key in table.as_object().into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                self.left(&at, "gaia has nothing like it");
            }
        }
    }
}

/// A scalar as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text under a key.
pub(super) fn text_at(table: &Value, key: &str) -> Option<String> {
    table.get(key).and_then(text)
}

/// One command or a list of them.
pub(super) fn commands(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(commands).collect(),
        Value::Object(table) => table.get("cmd").and_then(text).into_iter().collect(),
        other => text(other).into_iter().filter(|line| !line.trim().is_empty()).collect(),
    }
}

/// The commands under a key.
pub(super) fn commands_at(table: &Value, key: &str) -> Vec<String> {
    table.get(key).map(commands).unwrap_or_default()
}

/// Name and value of the only key of a table.
pub(super) fn single(value: &Value) -> Option<(&String, &Value)> {
    value.as_object().filter(|table| table.len() == 1).and_then(|table| table.iter().next())
}

/// Variables of a table.
pub(super) fn variables(table: &Value, key: &str) -> Vec<(String, String)> {
    let pairs = table.get(key).and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}
