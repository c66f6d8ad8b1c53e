use std::ops::Range;

use crate::{
    base::{ConfigError, Name, nearest},
    define::{
        Faults, Page, text_of,
        yaml::{self, Key, Node, Value},
    },
    guard::Globs,
    knowledge::model::Expert,
};

const KEYS: &[&str] =
    &["name", "area", "about", "paths", "patterns", "pitfalls", "commands", "notes", "priority"];

/// Keys that people write by habit, and what is meant.
const MEANT: &[(&str, &str)] = &[
    ("areas", "area"),
    ("description", "about"),
    ("files", "paths"),
    ("globs", "paths"),
    ("rules", "patterns"),
    ("gotchas", "pitfalls"),
    ("scripts", "commands"),
];

/// The expert that a file describes, or everything that is wrong with it. `stem` is the name of the
/// file without its ending.
pub(crate) fn load(path: &str, stem: &Name, bytes: &[u8]) -> Result<Expert, Vec<ConfigError>> {
    let mut faults = vec![];
    let Some(text) = text_of(path, bytes, &mut faults) else { return Err(faults) };
    let page = Page { path, text: &text };
    let top = yaml::parse(&page, &mut faults);
    let mut reader = Reader { page, faults };
    let expert = top.map(|top| reader.expert(stem, &top));
    match expert {
        Some(expert) if reader.faults.is_empty() => Ok(expert),
        _ => Err(reader.faults),
    }
}

/// Why a text may not stand in an expert, if it may not: it goes into prompts and onto terminals.
pub(crate) fn check_text(text: &str, one_line: bool) -> Option<String> {
    let bad = |c: &char| c.is_control() && (one_line || !matches!(c, '\n' | '\t'));
    if text.trim().is_empty() {
        return Some("this text is empty".to_owned());
    }
    let bad = text.chars().find(bad)?;
    Some(match bad {
        '\n' => "this text has more than one line".to_owned(),
        bad => format!("this text has the control character {bad:?}"),
    })
}

struct Reader<'a> {
    page: Page<'a>,
    faults: Faults,
}

impl Reader<'_> {
    fn wrong(&mut self, at: &Range<usize>, what: impl Into<String>, help: &str) {
        let fault = self.page.fault(at.clone(), what);
        self.faults.push(fault.help(help));
    }

    fn expert(&mut self, stem: &Name, top: &Node) -> Expert {
        let mut expert = Expert::new(stem.clone());
        if !matches!(top.value, Value::Table(_)) {
            let help = "write `about:`, `patterns:` and the like, each on a line of its own";
            self.wrong(&top.at, format!("an expert is a table, and this is {}", top.kind()), help);
            return expert;
        }
        let before = self.faults.len();
        for (key, node) in top.entries() {
            self.field(&mut expert, key, node);
        }
        if expert.about.is_empty() && self.faults.len() == before {
            let help = "say in one line what it knows, e.g. `about: how our web pages are made`";
            self.wrong(&(0..0), "this expert has no `about`", help);
        }
        expert
    }

    fn field(&mut self, expert: &mut Expert, key: &Key, node: &Node) {
        match key.text.as_str() {
            "name" => self.name(&expert.name, node),
            "about" => expert.about = self.line(node).unwrap_or_default(),
            "area" => expert.area = self.lines(node),
            "paths" => expert.paths = self.globs(node),
            "patterns" => expert.patterns = self.texts(node),
            "pitfalls" => expert.pitfalls = self.texts(node),
            "commands" => expert.commands = self.commands(node),
            "notes" => expert.notes = self.notes(node),
            "priority" => expert.priority = self.priority(node),
            other => {
                let meant = MEANT.iter().find(|(wrong, _)| *wrong == other).map(|(_, key)| *key);
                let near = meant.or_else(|| nearest(other, KEYS.iter().copied()));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the keys are {}", KEYS.join(", ")),
                };
                self.wrong(&key.at, format!("an expert has no `{other}`"), &help);
            }
        }
    }

    fn name(&mut self, stem: &Name, node: &Node) {
        let Some(text) = self.line(node) else { return };
        if text != stem.as_str() {
            let what = format!("the file is called `{stem}`, and this says `{text}`");
            self.wrong(&node.at, what, &format!("write `name: {stem}`, or rename the file"));
        }
    }

    /// A text as it is kept; `None` if it is none, which is told.
    fn text(&mut self, node: &Node, one_line: bool) -> Option<String> {
        let Value::Text(text) = &node.value else {
            let what = format!("this should be a text, and is {}", node.kind());
            self.wrong(&node.at, what, "put quotes around it if it has a `:` in it");
            return None;
        };
        match check_text(text, one_line) {
            None => Some(text.trim().to_owned()),
            Some(what) => {
                self.wrong(&node.at, what, "write plain words, or take it out");
                None
            }
        }
    }

    fn line(&mut self, node: &Node) -> Option<String> {
        self.text(node, true)
    }

    /// One text, or a list of them; nothing is told twice.
    fn many(&mut self, node: &Node, one_line: bool) -> Vec<(Range<usize>, String)> {
        let one = std::slice::from_ref(node);
        let nodes = match &node.value {
            Value::Nothing => &[],
            Value::List(nodes) => nodes.as_slice(),
            Value::Text(_) | Value::Table(_) => one,
        };
        let mut all: Vec<(Range<usize>, String)> = vec![];
        for node in nodes {
            let Some(text) = self.text(node, one_line) else { continue };
            if all.iter().any(|(_, known)| *known == text) {
                self.wrong(&node.at, "this is there twice", "take one of them out");
            } else {
                all.push((node.at.clone(), text));
            }
        }
        all
    }

    fn lines(&mut self, node: &Node) -> Vec<String> {
        self.many(node, true).into_iter().map(|(_, text)| text).collect()
    }

    fn texts(&mut self, node: &Node) -> Vec<String> {
        self.many(node, false).into_iter().map(|(_, text)| text).collect()
    }

    fn globs(&mut self, node: &Node) -> Vec<String> {
        let all = self.many(node, true);
        for (at, glob) in &all {
            if let Err((_, what)) = Globs::new(&[glob], false) {
                let help = "write it like src/ui/**, docs/ or **/*.rs";
                self.wrong(at, format!("`{glob}` is no glob: {what}"), help);
            }
        }
        all.into_iter().map(|(_, glob)| glob).collect()
    }

    /// One text is as many notes as it has paragraphs.
    fn notes(&mut self, node: &Node) -> Vec<String> {
        match &node.value {
            Value::Text(_) => {
                let text = self.text(node, false).unwrap_or_default();
                paragraphs(&text)
            }
            Value::Nothing | Value::List(_) | Value::Table(_) => self.texts(node),
        }
    }

    fn commands(&mut self, node: &Node) -> Vec<(String, String)> {
        let entries = match &node.value {
            Value::Nothing => return vec![],
            Value::Table(entries) => entries,
            Value::Text(_) | Value::List(_) => {
                let what = format!("commands are a table, and this is {}", node.kind());
                self.wrong(&node.at, what, "write a line for each, e.g. `test: cargo test`");
                return vec![];
            }
        };
        let mut all = vec![];
        for (key, node) in entries {
            if let Some(what) = check_text(&key.text, true) {
                self.wrong(&key.at, what, "name the command in a word, e.g. `test`");
            } else if let Some(line) = self.line(node) {
                all.push((key.text.clone(), line));
            }
        }
        all
    }

    fn priority(&mut self, node: &Node) -> i64 {
        let number = match &node.value {
            Value::Text(text) => text.parse().ok().filter(|n: &i64| (-1000..=1000).contains(n)),
            Value::Nothing | Value::List(_) | Value::Table(_) => None,
        };
        if number.is_none() {
            let help = "0 if nothing is said; more is told first";
            self.wrong(&node.at, "a priority is a whole number from -1000 to 1000", help);
        }
        number.unwrap_or(0)
    }
}

/// The paragraphs of a text.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<Vec<&str>> = vec![vec![]];
    for line in text.lines() {
        match (line.trim().is_empty(), all.last_mut()) {
            (false, Some(last)) => last.push(line),
            (true, Some(last)) if !last.is_empty() => all.push(vec![]),
            _ => (),
        }
    }
    let mut seen: Vec<String> = vec![];
    for lines in all {
        let text = lines.join("\n").trim().to_owned();
        if !text.is_empty() && !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}
