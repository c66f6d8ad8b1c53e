//! Whether a value is what it must be.

use regex::RegexBuilder;
use serde_json::Value;

use super::{Schema, Type};

/// A pattern that needs more memory than this is none that a person wrote.
const PATTERN_BYTES: usize = 1 << 20;

/// More is not told: it is read by an agent or a person.
const MAX_TOLD: usize = 20;

/// Says all that does not fit, each with its place: `/failures/0/file is missing`.
pub(crate) fn check(schema: &Schema, value: &Value) -> Result<(), Vec<String>> {
    let mut told = vec![];
    walk(schema, value, &mut String::new(), &mut told);
    told.truncate(MAX_TOLD);
    if told.is_empty() { Ok(()) } else { Err(told) }
}

/// The regular expression of a pattern, if it is one.
pub(crate) fn pattern(text: &str) -> Result<regex::Regex, String> {
    let built = RegexBuilder::new(text).size_limit(PATTERN_BYTES).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too big".to_owned(),
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    })
}

/// Whether a value is of a kind; a whole number may be written as `3.0`.
pub(crate) fn matches_kind(kind: Type, value: &Value) -> bool {
    match kind {
        Type::String => value.is_string(),
        Type::Integer => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        Type::Number => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Array => value.is_array(),
        Type::Object => value.is_object(),
    }
}

/// What a value is, in words.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn walk(schema: &Schema, value: &Value, at: &mut String, told: &mut Vec<String>) {
    let place = if at.is_empty() { "the value" } else { at.as_str() };
    if value.is_null() && schema.nullable || told.len() >= MAX_TOLD {
        return;
    }
    if let Some(kind) = schema.kind.filter(|kind| !matches_kind(*kind, value)) {
        told.push(format!("{place} must be {}, not {}", kind.words(), kind_of(value)));
        return;
    }
    if !schema.one_of.is_empty() && !schema.one_of.contains(value) {
        let known: Vec<String> = schema.one_of.iter().map(Value::to_string).collect();
        told.push(format!("{place} must be one of {}", known.join(", ")));
    }
    match value {
        Value::String(text) => of_text(schema, text, place, told),
        Value::Number(number) => of_number(schema, number.as_f64(), place, told),
        Value::Array(items) => {
            counts(items.len(), (schema.min_items, schema.max_items), "items", place, told);
            if let Some(inner) = &schema.items {
                for (index, item) in items.iter().enumerate() {
                    within(inner, item, at, &index.to_string(), told);
                }
            }
        }
        Value::Object(fields) => {
            for name in schema.required.iter().filter(|name| !fields.contains_key(*name)) {
                told.push(format!("{at}/{} is missing", escaped(name)));
            }
            for (name, inner) in &schema.properties {
                if let Some(field) = fields.get(name) {
                    within(inner, field, at, &escaped(name), told);
                }
            }
        }
        Value::Null | Value::Bool(_) => (),
    }
}

fn within(schema: &Schema, value: &Value, at: &mut String, name: &str, told: &mut Vec<String>) {
    let length = at.len();
    at.push('/');
    at.push_str(name);
    walk(schema, value, at, told);
    at.truncate(length);
}

/// A field in a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn of_text(schema: &Schema, text: &str, place: &str, told: &mut Vec<String>) {
    counts(text.chars().count(), (schema.min_length, schema.max_length), "characters", place, told);
    if let Some(written) = &schema.pattern
        && !pattern(written).is_ok_and(|pattern| pattern.is_match(text))
    {
        told.push(format!("{place} must match the pattern {written}"));
    }
}

fn of_number(schema: &Schema, number: Option<f64>, place: &str, told: &mut Vec<String>) {
    let Some(number) = number else { return };
    if let Some(least) = schema.minimum.filter(|least| number < *least) {
        told.push(format!("{place} must be at least {least}"));
    }
    if let Some(most) = schema.maximum.filter(|most| number > *most) {
        told.push(format!("{place} must be at most {most}"));
    }
}

fn counts(
    count: usize,
    (least, most): (Option<u64>, Option<u64>),
    what: &str,
    place: &str,
    told: &mut Vec<String>,
) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    if let Some(least) = least.filter(|least| count < *least) {
        told.push(format!("{place} must have at least {least} {what}, not {count}"));
    }
    if let Some(most) = most.filter(|most| count > *most) {
        told.push(format!("{place} must have at most {most} {what}, not {count}"));
    }
}
