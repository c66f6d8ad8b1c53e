//! One value, as its question wants it.

use regex::RegexBuilder;
use serde_json::{Value, json};

use crate::{
    base::nearest,
    define::Faults,
    scaffold::model::{Kind, Question},
};

/// Memory that the pattern of a template may take.
const MAX_PATTERN: usize = 1 << 20;

/// Reads a value as the type of the question; a text may stand for every type.
pub(super) fn read(question: &Question, value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(_) | Value::Null | Value::Object(_) => None,
    };
    if text.as_deref().is_some_and(|text| text.contains('\0')) {
        return Err("the answer holds a zero byte".to_owned());
    }
    match question.kind {
        Kind::Text | Kind::Secret => text.map(Value::from).ok_or("this is no text".to_owned()),
        Kind::Int => {
            let number = text.as_deref().and_then(|text| text.trim().parse::<i64>().ok());
            number.map(Value::from).ok_or_else(|| format!("{value} is no whole number"))
        }
        Kind::Bool => flag(text.as_deref())
            .map(Value::from)
            .ok_or_else(|| format!("{value} is neither yes nor no")),
        Kind::Path => path(text.ok_or("this is no path")?),
        Kind::Choice => one(question, text.ok_or("this is no text")?.trim()).map(Value::from),
        Kind::Multi => {
            let words: Vec<String> = match (value, text) {
                (Value::Array(all), _) => all
                    .iter()
                    .map(|word| word.as_str().map(str::to_owned).ok_or("this is no list of texts"))
                    .collect::<Result<_, _>>()?,
                (_, Some(text)) => {
                    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                    words.map(str::to_owned).collect()
                }
                (_, None) => return Err("this is no list of texts".to_owned()),
            };
            let mut all: Vec<String> = vec![];
            for word in words {
                let word = one(question, &word)?;
                if !all.contains(&word) {
                    all.push(word);
                }
            }
            Ok(json!(all))
        }
    }
}

fn flag(text: Option<&str>) -> Option<bool> {
    match text?.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn one(question: &Question, word: &str) -> Result<String, String> {
    let known = || question.choices.iter().map(|choice| choice.value.as_str());
    if known().any(|value| value == word) {
        return Ok(word.to_owned());
    }
    let all: Vec<&str> = known().collect();
    let near = nearest(word, known()).map(|near| format!("; did you mean `{near}`?"));
    Err(format!("`{word}` is none of {}{}", all.join(", "), near.unwrap_or_default()))
}

/// A path that stays inside: relative, straight down.
fn path(text: String) -> Result<Value, String> {
    let parts = || text.split('/');
    if text.starts_with('/') || text.starts_with('~') {
        return Err(format!("`{text}` is not below the project"));
    }
    if parts().any(|part| part == ".." || part.eq_ignore_ascii_case(".git")) {
        return Err(format!("`{text}` leads out of the project's own files"));
    }
    if text.contains(char::is_control) || text.contains('\\') {
        return Err(format!("{text:?} is no plain path"));
    }
    Ok(Value::from(text))
}

/// The value of a question that nobody is asked and that has no default.
pub(super) fn empty(kind: Kind) -> Value {
    match kind {
        Kind::Text | Kind::Choice | Kind::Path | Kind::Secret => json!(""),
        Kind::Int => json!(0),
        Kind::Bool => json!(false),
        Kind::Multi => json!([]),
    }
}

/// Why a value is not within the bounds of its question, if it is not.
pub(super) fn check(question: &Question, value: &Value, faults: &mut Faults) -> Result<(), String> {
    let (size, unit) = match value {
        Value::String(text) => (i64::try_from(text.chars().count()).ok(), " characters"),
        Value::Number(number) => (number.as_i64(), ""),
        Value::Array(all) => (i64::try_from(all.len()).ok(), " of them"),
        Value::Null | Value::Bool(_) | Value::Object(_) => (None, ""),
    };
    if let Some((size, min)) = size.zip(question.min)
        && size < min
    {
        return Err(if size == 0 && min == 1 && !unit.is_empty() {
            "the answer is empty".to_owned()
        } else {
            format!("at least {min}{unit}, not {size}")
        });
    }
    if let Some((size, max)) = size.zip(question.max)
        && size > max
    {
        return Err(format!("at most {max}{unit}, not {size}"));
    }
    if let Some((pattern, text)) = question.pattern.as_ref().zip(value.as_str()) {
        let whole = format!(r"\A(?:{})\z", pattern.text);
        match RegexBuilder::new(&whole).size_limit(MAX_PATTERN).build() {
            Ok(regex) if regex.is_match(text) => {}
            Ok(_) => return Err(format!("the answer does not fit the pattern {}", pattern.text)),
            Err(error) => {
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                faults.push(pattern.fault(format!("this is no pattern: {why}")));
            }
        }
    }
    Ok(())
}
