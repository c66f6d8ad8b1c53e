//! `[answers.NAME]`.

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::walk::{Cell, Reader, value};
use crate::{
    base::nearest,
    scaffold::model::{Choice, Kind, Preset, Question, Words},
};

const KEYS: &[&str] = &[
    "type", "ask", "help", "default", "choices", "pattern", "min", "max", "valid", "message",
    "ask_if",
];

/// Names that a template always has, or that mean something else.
pub(super) const TAKEN: &[&str] = &["target", "template", "today", "item", "value", "loop"];

/// Whether a name can stand in a template.
pub(super) fn good_name(text: &str) -> bool {
    let mut all = text.chars();
    all.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && all.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && text.len() <= 64
}

/// Checks the name of an answer or of a computed value.
pub(super) fn name(reader: &mut Reader<'_>, name: &Words) {
    if !good_name(&name.text) {
        let what = format!("`{}` cannot be the name of a value", name.text);
        let help = "use small letters, digits and _, beginning with a letter";
        reader.fault(name.at.clone(), what, help);
    } else if TAKEN.contains(&name.text.as_str()) {
        let what = format!("`{}` is a value that every template has", name.text);
        reader.fault(name.at.clone(), what, "choose another name");
    }
}

/// Reads one.
pub(super) fn read(reader: &mut Reader<'_>, at: Words, cell: &Cell<'_>) -> Option<Question> {
    name(reader, &at);
    let table = reader.table(cell, (&at.text, KEYS))?;
    let kind = kind(reader, table)?;
    let choices = choices(reader, table);
    let wants = matches!(kind, Kind::Choice | Kind::Multi);
    if wants && choices.is_empty() {
        reader.fault(
            at.at.clone(),
            "there is nothing to choose from",
            "write choices = [\"a\", \"b\"]",
        );
    } else if !wants && !choices.is_empty() {
        let at = table.get("choices").map_or(at.at.clone(), |cell| cell.span());
        reader.fault(at, "only a choice or a multi has choices", "write type = \"choice\"");
    }
    let text = |reader: &mut Reader<'_>, key| reader.text(table, key).map(|words| words.text);
    Some(Question {
        kind,
        ask: text(reader, "ask"),
        help: text(reader, "help"),
        default: preset(reader, table, (kind, &choices)),
        pattern: reader.text(table, "pattern"),
        min: reader.number(table, "min"),
        max: reader.number(table, "max"),
        valid: reader.text(table, "valid"),
        message: text(reader, "message"),
        ask_if: reader.text(table, "ask_if"),
        choices,
        name: at,
    })
}

fn kind(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<Kind> {
    if !table.contains_key("type") {
        return Some(Kind::Text);
    }
    let words = reader.text(table, "type")?;
    let found = Kind::ALL.iter().find(|(word, _)| *word == words.text);
    if found.is_none() {
        let all: Vec<&str> = Kind::ALL.iter().map(|(word, _)| *word).collect();
        let near = nearest(&words.text, all.iter().copied());
        let help = near.map_or_else(
            || format!("one of {}", all.join(", ")),
            |near| format!("did you mean \"{near}\"?"),
        );
        reader.fault(words.at, format!("there is no type `{}`", words.text), &help);
    }
    found.map(|(_, kind)| *kind)
}

fn choices(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Vec<Choice> {
    let mut all: Vec<Choice> = vec![];
    for cell in reader.list(table, "choices") {
        let choice = match cell.get_ref() {
            DeValue::String(text) => {
                Some(Choice { value: text.to_string(), label: text.to_string() })
            }
            DeValue::Table(own) => {
                reader.known(own, &["value", "label"]);
                let value = reader.text(own, "value").map(|words| words.text);
                let label = reader.text(own, "label").map(|words| words.text);
                value.map(|value| Choice { label: label.unwrap_or_else(|| value.clone()), value })
            }
            _ => None,
        };
        match choice {
            Some(choice) if all.iter().any(|known| known.value == choice.value) => {
                reader.fault(cell.span(), "this choice is there already", "");
            }
            Some(choice) => all.push(choice),
            None => {
                let help = "write \"x\", or { value = \"x\", label = \"X\" }";
                reader.fault(cell.span(), "this is no choice", help);
            }
        }
    }
    all
}

fn preset(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    (kind, choices): (Kind, &[Choice]),
) -> Option<Preset> {
    let cell = table.get("default")?;
    if let DeValue::String(text) = cell.get_ref() {
        return Some(Preset::Words(reader.words(text, cell.span())));
    }
    let known = |value: &Value| choices.iter().any(|choice| Some(&*choice.value) == value.as_str());
    let value = value(cell.get_ref());
    let fits = match (&value, kind) {
        (Some(Value::Number(_)), Kind::Int) | (Some(Value::Bool(_)), Kind::Bool) => true,
        (Some(Value::Array(all)), Kind::Multi) => all.iter().all(known),
        _ => false,
    };
    if !fits {
        let word = Kind::ALL.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word);
        let what = format!("this default is no value of the type {word}");
        let help = "a text is rendered first and then read as the type";
        reader.fault(cell.span(), what, help);
    }
    value.filter(|_| fits).map(Preset::Value)
}
