use std::fmt::Write;

use toml_edit::{Key, Value};

use super::{FORMAT, Kind, Made, Manifest, Origin};

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
        text.push_str("\n[answers]\n");
        for (name, value) in &self.answers {
            let _ = writeln!(text, "{} = {}", key(name), answer(value));
        }
        text.push_str("\n[files]\n");
        for (path, made) in &self.files {
            let _ = writeln!(text, "{} = {{ {} }}", quoted(path), made.line());
        }
        text
    }
}

impl Origin {
    fn lines(&self) -> Vec<(&'static str, &str)> {
        let mut lines = vec![
            ("name", self.name.as_str()),
            ("source", self.source.as_str()),
            ("version", self.version.as_str()),
        ];
        lines.extend(self.reference.as_deref().map(|reference| ("ref", reference)));
        lines.extend(self.commit.as_deref().map(|commit| ("commit", commit)));
        lines.push(("hash", &self.hash));
        lines
    }
}

impl Made {
    fn line(&self) -> String {
        let mut line = format!("sha256 = \"{}\", blob = \"{}\"", self.sha256, self.blob);
        match self.kind {
            Kind::Plain => (),
            Kind::Exec => line.push_str(", exec = true"),
            Kind::Link => line.push_str(", link = true"),
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

fn answer(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => quoted(text),
        toml::Value::Array(all) => {
            format!("[{}]", all.iter().map(answer).collect::<Vec<_>>().join(", "))
        }
        toml::Value::Integer(number) => Value::from(*number).to_string(),
        toml::Value::Boolean(yes) => Value::from(*yes).to_string(),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => {
            value.to_string()
        }
    }
}
