use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Hooks, Template};
use crate::base::Mode;

/// Values by name, in the order of the questions. Text, path, choice and secret are strings, int is
/// a number, multi is a list of strings.
pub(crate) type Answers = Map<String, Value>;

/// What a template is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    /// Name of the target folder.
    pub(crate) target: String,
    /// The present year.
    pub(crate) year: i16,
    /// Values that were said; a string is read as the type of its question, so that `--var` and a
    /// file of answers are the same.
    pub(crate) answers: Answers,
    /// Answers that the template does not know are passed over, as in an update from an older
    /// version; else they are faults.
    pub(crate) lenient: bool,
}

/// A file of the project, as the template makes it.
pub(crate) type Made = crate::base::Item;

/// All that a template makes of what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// Sorted by path.
    pub(crate) made: Vec<Made>,
    /// Every answer, said or taken from a default; also secrets.
    pub(crate) answers: Answers,
    /// Names of the answers that are written nowhere.
    pub(crate) secrets: BTreeSet<String>,
    /// What it wants to run before and after.
    pub(crate) hooks: Hooks,
}

/// A template with all it extends, opened: what it says, and what it is made of.
#[derive(Debug, Clone)]
pub(crate) struct Book<'a> {
    pub(crate) template: Template,
    /// By the path below `files/`.
    pub(crate) files: BTreeMap<String, Leaf<'a>>,
    /// By the name that an `include` says: `partials/…`.
    pub(crate) partials: BTreeMap<String, Leaf<'a>>,
}

/// A file of an opened template.
#[derive(Debug, Clone)]
pub(crate) struct Leaf<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) mode: Mode,
    /// The template it lies in: this one, or one that it extends.
    pub(crate) layer: &'a str,
}

impl Book<'_> {
    /// A file as it is said to a person; `path` is below `files/`.
    pub(crate) fn shown(&self, path: &str) -> String {
        let layer = self.files.get(path).map_or(self.template.name.as_str(), |leaf| leaf.layer);
        format!("{layer}/files/{path}")
    }
}
