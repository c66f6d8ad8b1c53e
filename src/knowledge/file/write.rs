//! YAML that a person likes to read: plain where that is safe, quoted where it is not.

use std::fmt::Write;

use crate::knowledge::model::Expert;

/// Keys that hold a list of texts, in the order of the file.
pub(crate) const LISTS: &[&str] = &["area", "paths", "patterns", "pitfalls", "notes"];

/// The whole file.
pub(crate) fn write(expert: &Expert) -> String {
    let keys =
        ["name", "area", "about", "priority", "paths", "patterns", "pitfalls", "commands", "notes"];
    keys.iter().map(|key| section(expert, key)).collect()
}

/// One key with what stands under it; nothing if nothing does.
pub(crate) fn section(expert: &Expert, key: &str) -> String {
    match key {
        "name" => format!("name: {}\n", scalar(expert.name.as_str())),
        "about" if expert.about.is_empty() => String::new(),
        "about" => format!("about: {}\n", scalar(&expert.about)),
        "priority" if expert.priority == 0 => String::new(),
        "priority" => format!("priority: {}\n", expert.priority),
        "commands" => {
            let mut text = String::new();
            for (name, line) in &expert.commands {
                let _ = writeln!(text, "  {}: {}", scalar(name), scalar(line));
            }
            if text.is_empty() { text } else { format!("commands:\n{text}") }
        }
        list => {
            let items: String = expert.list(list).iter().map(|text| item(text, 2)).collect();
            if items.is_empty() { items } else { format!("{list}:\n{items}") }
        }
    }
}

/// One item of a list, at an indent.
pub(crate) fn item(text: &str, indent: usize) -> String {
    let spaces = " ".repeat(indent);
    let blank_start = |line: &str| line.starts_with([' ', '\t']);
    if !text.contains('\n') || text.lines().any(|line| blank_start(line) || line.ends_with(' ')) {
        return format!("{spaces}- {}\n", scalar(text));
    }
    let lines: String = text.lines().map(|line| format!("{spaces}  {line}\n")).collect();
    format!("{spaces}- |-\n{lines}")
}

/// A text as a YAML value on one line. JSON is YAML: what is quoted is quoted as JSON is.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Whether nothing in a text could be taken for more than words.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next().is_some_and(char::is_alphabetic);
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let word = words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let inside = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    let quiet = text.chars().all(|c| !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}'));
    first && !word && !inside && quiet
}
