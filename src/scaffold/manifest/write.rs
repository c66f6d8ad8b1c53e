use std::fmt::Write;

use serde_json::Value;
use toml_edit::Key;

use super::{FORMAT, Manifest, Source, Stamp};
use crate::scaffold::model::Mode;

const HEAD: &str = "\
# Where this project came from. `gaia scaffold update` brings later versions of the template and
# keeps what you changed meanwhile. Commit this file; answers may be changed here before an update.
";

impl Manifest {
    /// The file: the same manifest always gives the same text.
    #[must_use]
    pub(crate) fn write(&self) -> String {
        let mut text = format!("{HEAD}format = {FORMAT}\n\n[template]\n");
        for (key, value) in self.template.lines() {
            let _ = writeln!(text, "{key} = {}", quoted(value));
        }
        if let Some(year) = self.template.year {
            let _ = writeln!(text, "year = {year}");
        }
        text.push_str("\n[answers]\n");
        for (name, value) in &self.answers {
            let _ = writeln!(text, "{} = {}", key(name), answer(value));
        }
        text.push_str("\n[files]\n");
        for (path, stamp) in &self.files {
            let _ = writeln!(text, "{} = {{ {} }}", quoted(path), stamp.line());
        }
        text
    }
}

impl Source {
    fn lines(&self) -> Vec<(&'static str, &str)> {
        let mut lines = vec![
            ("name", self.name.as_str()),
            ("source", self.source.as_str()),
            ("version", self.version.as_str()),
        ];
        lines.extend(self.reference.as_deref().map(|reference| ("ref", reference)));
        lines.extend(self.commit.as_deref().map(|commit| ("commit", commit)));
        lines.extend(self.target.as_deref().map(|target| ("target", target)));
        lines.push(("hash", &self.hash));
        lines
    }
}

impl Stamp {
    fn line(&self) -> String {
        let mut line = format!("sha256 = \"{}\", blob = \"{}\"", self.sha256, self.blob);
        match self.mode {
            Mode::Plain | Mode::Folder => (),
            Mode::Exec => line.push_str(", exec = true"),
            Mode::Link => line.push_str(", link = true"),
        }
        if let Some(at) = &self.at {
            let _ = write!(line, ", at = {}", quoted(at));
        }
        line
    }
}

fn key(name: &str) -> String {
    Key::new(name).to_string()
}

/// On one line, so that a change of it is one line of a diff.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Answers are texts, whole numbers, bools and lists of texts; nothing else comes here.
fn answer(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(all) => {
            format!("[{}]", all.iter().map(answer).collect::<Vec<_>>().join(", "))
        }
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Object(_) => quoted(&value.to_string()),
    }
}
