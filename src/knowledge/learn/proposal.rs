use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, nearest},
    guard::Globs,
    knowledge::file::check_text,
};

/// Longest text of one item, in bytes.
const ITEM: usize = 2000;
/// Most items that one proposal adds or removes.
const ITEMS: usize = 100;
/// Longest reason, in bytes.
const WHY: usize = 2000;

/// What shall be added to a list, and what removed from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListChange {
    /// Texts to add at its end
    #[serde(default)]
    pub add: Vec<String>,
    /// Texts to remove, word for word
    #[serde(default)]
    pub remove: Vec<String>,
}

/// What shall become of the commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandChange {
    /// Name and shell line; one that is there gets the new line
    #[serde(default)]
    pub add: BTreeMap<String, String>,
    /// Names
    #[serde(default)]
    pub remove: Vec<String>,
}

/// What an expert should learn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// What it is about, in one line, in place of what stands there
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Areas
    #[serde(default)]
    pub area: ListChange,
    /// Globs of files
    #[serde(default)]
    pub paths: ListChange,
    /// How things are done here
    #[serde(default)]
    pub patterns: ListChange,
    /// What goes wrong here
    #[serde(default)]
    pub pitfalls: ListChange,
    /// Commands worth to know
    #[serde(default)]
    pub commands: CommandChange,
    /// What else is worth to know; a bare list of texts is added
    #[serde(default, deserialize_with = "notes")]
    pub notes: ListChange,
    /// Why this should be learned; for whoever decides
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Notes may be one text or a list of texts, which are added.
fn notes<'de, D: serde::Deserializer<'de>>(input: D) -> Result<ListChange, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Notes {
        One(String),
        Many(Vec<String>),
        Change(ListChange),
    }
    Ok(match Notes::deserialize(input)? {
        Notes::One(text) => ListChange { add: vec![text], remove: vec![] },
        Notes::Many(add) => ListChange { add, remove: vec![] },
        Notes::Change(change) => change,
    })
}

impl Proposal {
    /// Reads a proposal as it was written, strictly.
    pub fn read(path: &str, text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text).map_err(|error| {
            let message = format!("{path} is no proposal: {error}");
            let said = error.to_string();
            let mut words = said.split('`').skip(1).step_by(2);
            let wrong = words.next().filter(|_| said.starts_with("unknown"));
            if let Some(near) = wrong.and_then(|wrong| nearest(wrong, words)) {
                let message = format!("{path} is no proposal: {}", short(&said));
                return Refusal::new(Code::Invalid, message)
                    .help(format!("did you mean `{near}`?"));
            }
            let help = "write {\"patterns\": {\"add\": [\"…\"], \"remove\": [\"…\"]}, …}, with \
                        about, area, paths, patterns, pitfalls, commands, notes or why";
            Refusal::new(Code::Invalid, message).help(help)
        })
    }

    /// The lists it changes, by their keys.
    pub(super) fn lists(&self) -> [(&'static str, &ListChange); 5] {
        [
            ("area", &self.area),
            ("paths", &self.paths),
            ("patterns", &self.patterns),
            ("pitfalls", &self.pitfalls),
            ("notes", &self.notes),
        ]
    }

    /// Everything that is wrong with it, whatever it is merged into.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = vec![];
        let mut items = self.commands.add.len() + self.commands.remove.len();
        for (key, change) in self.lists() {
            items += change.add.len() + change.remove.len();
            let one_line = matches!(key, "area" | "paths");
            for (at, text) in change.add.iter().enumerate() {
                let what = item(text, one_line).or_else(|| glob(key, text));
                faults.extend(what.map(|what| format!("{key}.add[{at}]: {what}")));
            }
        }
        if items > ITEMS {
            faults.push(format!("it changes {items} items, and {ITEMS} are the most"));
        }
        for (name, line) in &self.commands.add {
            let what = item(name, true).or_else(|| item(line, true));
            faults.extend(what.map(|what| format!("commands.add.{name:?}: {what}")));
        }
        if let Some(about) = &self.about {
            faults.extend(item(about, true).map(|what| format!("about: {what}")));
        }
        if let Some(why) = self.why.as_ref().filter(|why| why.len() > WHY) {
            faults.push(format!("why: this has {} bytes, and {WHY} are the most", why.len()));
        }
        faults
    }
}

/// What a reader says, without the list of all that it would take.
fn short(said: &str) -> String {
    let (what, rest) = said.split_once(", expected ").unwrap_or((said, ""));
    rest.rfind(" at line ").map_or(what.to_owned(), |at| format!("{what}{}", &rest[at..]))
}

fn item(text: &str, one_line: bool) -> Option<String> {
    match text.len() > ITEM {
        true => Some(format!("this text has {} bytes, and {ITEM} are the most", text.len())),
        false => check_text(text, one_line),
    }
}

fn glob(key: &str, text: &str) -> Option<String> {
    let bad = Globs::new(&[text], false).err().filter(|_| key == "paths");
    bad.map(|(_, what)| format!("`{text}` is no glob: {what}"))
}
