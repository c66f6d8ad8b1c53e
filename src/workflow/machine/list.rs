//! Lists: what each of their items is known by.

use serde_json::Value;

/// A list with the keys by which its items are known again: two with the same key get a number.
pub(super) fn items(list: Value, key: Option<&str>) -> Result<Vec<(String, Value)>, String> {
    let Value::Array(list) = list else {
        return Err(format!("{} is no list", short(&list)));
    };
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    let mut named = Vec::with_capacity(list.len());
    for (index, item) in list.into_iter().enumerate() {
        let found = match (key, &item) {
            (Some(field), Value::Object(fields)) => fields.get(field).cloned(),
            (_, Value::String(_) | Value::Number(_) | Value::Bool(_)) => Some(item.clone()),
            (None, Value::Object(fields)) => {
                ["key", "id", "name"].iter().find_map(|name| fields.get(*name)).cloned()
            }
            (_, Value::Null | Value::Array(_)) => None,
        };
        let word = match found {
            Some(Value::String(text)) => key_of(&text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => index.to_string(),
        };
        let number = seen.entry(word.clone()).or_default();
        *number += 1;
        let word = if *number == 1 { word } else { format!("{word}#{number}") };
        named.push((word, item));
    }
    Ok(named)
}

/// A text as a key: short, and of characters that a path can show.
fn key_of(text: &str) -> String {
    let fits = |c: char| if c.is_control() || "[]{}/".contains(c) { '-' } else { c };
    let key: String = text.trim().chars().take(60).map(fits).collect();
    if key.is_empty() { "-".to_owned() } else { key }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("`{}…`", &text[..at]),
        None => format!("`{text}`"),
    }
}
