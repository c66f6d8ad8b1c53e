use serde::{Deserialize, Serialize};

use super::STAGE;

/// What is to be done to the project. Once it lies in the project it will be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Version that the project comes to, for people.
    pub(super) to: String,
    /// Files that go, first of all.
    pub(super) removes: Vec<Remove>,
    /// Files that come, one after the other; the manifest is the last.
    pub(super) places: Vec<Place>,
    /// Files that git is told are in conflict.
    pub(super) unmerged: Vec<Clash>,
}

/// A file that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remove {
    pub(super) path: String,
    /// SHA-256 of what was decided on.
    pub(super) was: String,
}

/// A file that comes: it lies ready, and is moved to its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Its number among what lies ready.
    pub(super) slot: usize,
    pub(super) path: String,
    /// SHA-256 of what was there and was decided on.
    pub(super) was: Option<String>,
}

/// A file in conflict; the numbers are of copies that lie ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clash {
    pub(super) path: String,
    pub(super) exec: bool,
    pub(super) base: Option<usize>,
    pub(super) ours: Option<usize>,
    pub(super) theirs: Option<usize>,
}

/// Where the journal lies.
pub(super) fn place() -> String {
    format!("{STAGE}/journal")
}

/// Where a file lies ready.
pub(super) fn slot(number: usize) -> String {
    format!("{STAGE}/new/{number}")
}

/// Where a copy for git lies.
pub(super) fn side(number: usize) -> String {
    format!("{STAGE}/side/{number}")
}
