//! What a value must be, in words: for people, agents and command lines.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Schema, Type};

impl Type {
    /// With its article.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Array => "a list",
            Self::Object => "an object",
        }
    }
}

/// One line: `a list of texts`, `one of "a", "b"`, `a whole number, at least 1`.
pub(crate) fn describe(schema: &Schema) -> String {
    let mut words = match (schema.kind, &schema.items) {
        _ if !schema.one_of.is_empty() => {
            let known: Vec<String> = schema.one_of.iter().map(Value::to_string).collect();
            format!("one of {}", known.join(", "))
        }
        (Some(Type::Array), Some(items)) => format!("a list, each {}", describe(items)),
        (Some(Type::Object), _) if !schema.properties.is_empty() => {
            let field = |(name, field): (&String, &Schema)| {
                let open = if schema.required.contains(name) { "" } else { " (may be left out)" };
                format!("{name}: {}{open}", describe(field))
            };
            let fields: Vec<String> = schema.properties.iter().map(field).collect();
            format!("an object {{{}}}", fields.join("; "))
        }
        (Some(kind), _) => kind.words().to_owned(),
        (None, _) => "any value".to_owned(),
    };
    let mut add = |there: Option<String>| words.extend(there.map(|there| format!(", {there}")));
    add(schema.min_length.map(|n| format!("at least {n} characters")));
    add(schema.max_length.map(|n| format!("at most {n} characters")));
    add(schema.min_items.map(|n| format!("at least {n} items")));
    add(schema.max_items.map(|n| format!("at most {n} items")));
    add(schema.minimum.map(|n| format!("at least {n}")));
    add(schema.maximum.map(|n| format!("at most {n}")));
    add(schema.pattern.as_ref().map(|pattern| format!("matching {pattern}")));
    add(schema.nullable.then(|| "or null".to_owned()));
    add(schema.description.clone());
    words
}

/// An object of the right shape, to be shown to whoever must give one.
pub(super) fn example(outputs: &BTreeMap<String, Schema>) -> Value {
    let field = |(name, schema): (&String, &Schema)| (name.clone(), sample(schema, name));
    Value::Object(outputs.iter().map(field).collect())
}

fn sample(schema: &Schema, name: &str) -> Value {
    if let Some(first) = schema.one_of.first() {
        return first.clone();
    }
    match schema.kind {
        None | Some(Type::String) => Value::String(format!("<{name}>")),
        Some(Type::Integer | Type::Number) => Value::from(schema.minimum.map_or(0, |n| {
            // A sample, not a limit: a fraction may be lost.
            #[allow(clippy::cast_possible_truncation, reason = "a sample")]
            let whole = n.ceil() as i64;
            whole
        })),
        Some(Type::Boolean) => Value::Bool(false),
        Some(Type::Array) => {
            let item = schema.items.as_ref().map(|items| sample(items, name));
            Value::Array(item.into_iter().collect())
        }
        Some(Type::Object) => {
            let field = |(name, schema): (&String, &Schema)| (name.clone(), sample(schema, name));
            Value::Object(schema.properties.iter().map(field).collect::<Map<_, _>>())
        }
    }
}

/// A value that is given as text, e.g. on a command line.
pub(crate) fn from_text(schema: &Schema, text: &str) -> Result<Value, String> {
    let Some(kind) = schema.kind else {
        // Anything will do: what is no JSON is a text.
        return Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())));
    };
    let trimmed = text.trim();
    if schema.nullable && trimmed == "null" {
        return Ok(Value::Null);
    }
    let value = match kind {
        Type::String => Some(Value::String(text.to_owned())),
        Type::Integer => trimmed.parse::<i64>().ok().map(Value::from),
        Type::Number => serde_json::from_str(trimmed).ok().filter(Value::is_number),
        Type::Boolean => match trimmed {
            "true" | "yes" | "on" | "1" => Some(Value::Bool(true)),
            "false" | "no" | "off" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        Type::Array => serde_json::from_str(trimmed).ok().filter(Value::is_array).or_else(|| {
            let json = trimmed.starts_with(['[', '{']);
            let words = || trimmed.split(',').map(str::trim).filter(|word| !word.is_empty());
            let item = |word: &str| {
                from_text(schema.items.as_deref().unwrap_or(&Schema::default()), word).ok()
            };
            if json { None } else { words().map(item).collect::<Option<_>>().map(Value::Array) }
        }),
        Type::Object => serde_json::from_str(trimmed).ok().filter(Value::is_object),
    };
    let value = value.ok_or_else(|| match kind {
        Type::Array => format!("`{text}` is no list: write a,b or [\"a\", \"b\"]"),
        Type::Object => format!("`{text}` is no object: write {{\"key\": \"value\"}}"),
        Type::String | Type::Integer | Type::Number | Type::Boolean => {
            format!("`{text}` is not {}", kind.words())
        }
    })?;
    Ok(value)
}

/// Words of somebody who gives something because something must be given.
const PLACEHOLDERS: &[&str] = &[
    "n/a",
    "na",
    "null",
    "nil",
    "todo",
    "tbd",
    "fixme",
    "placeholder",
    "unknown",
    "string",
    "-",
    "--",
    "?",
    "…",
    "not available",
    "not applicable",
    "not provided",
    "not specified",
];

/// Whether a value says nothing: an empty object, or texts that only fill their place.
pub(crate) fn is_placeholder(value: &Value) -> bool {
    let mut texts = 0;
    fills(value, &mut texts) && (texts > 0 || value.as_object().is_some_and(Map::is_empty))
}

/// Whether nothing in it says something; lists that are empty, flags and numbers may.
fn fills(value: &Value, texts: &mut usize) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => {
            *texts += 1;
            let text = text.trim().trim_end_matches('.').to_lowercase();
            let angles = text.starts_with('<') && text.ends_with('>');
            text.is_empty() || angles || PLACEHOLDERS.contains(&text.as_str())
        }
        Value::Array(items) => !items.is_empty() && items.iter().all(|item| fills(item, texts)),
        Value::Object(fields) => fields.values().all(|field| fills(field, texts)),
    }
}

/// What an agent is told about the outputs it must give.
pub(crate) fn request(outputs: &BTreeMap<String, Schema>) -> String {
    let field = |(name, schema): (&String, &Schema)| format!("- `{name}`: {}", describe(schema));
    let fields: Vec<String> = outputs.iter().map(field).collect();
    let sample = serde_json::to_string_pretty(&example(outputs)).unwrap_or_default();
    format!(
        "When you are done, end your last message with one JSON object in a ```json block, with \
         exactly these fields and real values:\n{}\n\nIt has this shape:\n```json\n{sample}\n```",
        fields.join("\n")
    )
}
