use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Words;

/// A template as its file says it, what it extends already in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) version: semver::Version,
    pub(crate) about: String,
    pub(crate) tags: Vec<String>,
    /// It is there to be extended, and is not listed.
    pub(crate) hidden: bool,
    /// The template whose answers, computed values, files and partials come first.
    pub(crate) extends: Option<Words>,
    pub(crate) questions: Vec<Question>,
    pub(crate) computed: Vec<Computed>,
    pub(crate) rules: Vec<Rule>,
    /// Folders that are made even if nothing comes into them.
    pub(crate) folders: Vec<Words>,
    pub(crate) hooks: Hooks,
    pub(crate) trials: Vec<Trial>,
    /// Commands that tell in a rendered project whether it is well.
    pub(crate) check: Vec<Vec<String>>,
    pub(crate) migrations: Vec<Migration>,
}

/// A value that somebody gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Question {
    /// Its name, at the place where it is declared.
    pub(crate) name: Words,
    pub(crate) kind: Kind,
    /// What a person is asked; nobody is asked without it.
    pub(crate) ask: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) default: Option<Preset>,
    /// Of a choice, or of many.
    pub(crate) choices: Vec<Choice>,
    /// The whole of a text fits it.
    pub(crate) pattern: Option<Words>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    /// An expression over the answers so far and `value`.
    pub(crate) valid: Option<Words>,
    /// Said when the answer does not fit.
    pub(crate) message: Option<String>,
    /// An expression; if it is false, nobody is asked and the default is taken.
    pub(crate) ask_if: Option<Words>,
}

/// What kind of value is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Int,
    /// Yes or no.
    Bool,
    /// One of the choices.
    Choice,
    /// Any of the choices.
    Multi,
    /// A relative path that stays inside.
    Path,
    /// A text that is written nowhere.
    Secret,
}

impl Kind {
    /// All, by the word in a file.
    pub(crate) const ALL: &[(&str, Self)] = &[
        ("text", Self::Text),
        ("int", Self::Int),
        ("bool", Self::Bool),
        ("choice", Self::Choice),
        ("multi", Self::Multi),
        ("path", Self::Path),
        ("secret", Self::Secret),
    ];
}

/// The answer where nobody gave one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Preset {
    /// A text that is rendered over the answers before it, then read as the type.
    Words(Words),
    /// A value of the type.
    Value(Value),
}

/// One of the answers to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) value: String,
    /// What a person sees.
    pub(crate) label: String,
}

/// A value that follows from the answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Computed {
    pub(crate) name: Words,
    pub(crate) text: Words,
    /// The text is an expression of any type, not a text to render.
    pub(crate) is_expr: bool,
}

/// A rule for template files by their path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// A glob over the path below `files/`, suffix and all.
    pub(crate) path: Words,
    /// An expression; the file is made if it is true.
    pub(crate) when: Option<Words>,
    /// An expression that is a list; one file is made for each `item`.
    pub(crate) each: Option<Words>,
    pub(crate) delims: Option<Delims>,
}

/// What stands around blocks, variables and comments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Delims {
    pub(crate) block: (String, String),
    pub(crate) variable: (String, String),
    pub(crate) comment: (String, String),
}

impl Default for Delims {
    fn default() -> Self {
        let pair = |open: &str, close: &str| (open.to_owned(), close.to_owned());
        Self { block: pair("{%", "%}"), variable: pair("{{", "}}"), comment: pair("{#", "#}") }
    }
}

/// Commands that a template wants to run, as program and arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hooks {
    pub(crate) before: Vec<Vec<String>>,
    pub(crate) after: Vec<Vec<String>>,
    pub(crate) timeout_ms: u64,
}

/// A set of answers that the template is tested with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trial {
    pub(crate) name: Words,
    pub(crate) answers: Map<String, Value>,
}

/// What changes in a project when it comes to a version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Migration {
    pub(crate) version: semver::Version,
    /// New path by old path.
    pub(crate) moved: BTreeMap<String, String>,
    pub(crate) before: Vec<Vec<String>>,
    pub(crate) after: Vec<Vec<String>>,
}
