use std::path::{Path, PathBuf};

use crate::base::Item;

/// What lies where something shall be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lies {
    /// Nothing.
    Nothing,
    /// A folder without anything in it.
    Empty,
    /// A folder with something in it.
    Full,
    /// No folder.
    Other,
}

/// Folders as a whole: templates that are read, projects that come to be.
pub trait Ground: Send + Sync {
    /// What lies at a path; a link is looked at, not followed.
    fn lies(&self, path: &Path) -> Lies;
    /// Everything below a folder, sorted, without git's own folder; no link is followed. A sentence
    /// says what is no part of a template.
    fn read(&self, root: &Path) -> Result<Vec<Item>, String>;
    /// Names of the folders in a folder, sorted; none if there is no folder.
    fn folders(&self, root: &Path) -> Vec<String>;
    /// Writes everything into a folder of its own beside the target, and says which that is. What a
    /// run that was killed left there is swept first.
    fn raise(&self, target: &Path, items: &[Item]) -> Result<PathBuf, String>;
    /// Moves what was raised to its target, in one step; the target is nothing or an empty folder.
    fn place(&self, raised: &Path, target: &Path) -> Result<(), String>;
    /// Removes what was raised.
    fn raze(&self, raised: &Path);
    /// A point at which a test may let gaia die.
    fn point(&self) {}
}

/// Renders the templates of strangers, where they can do no harm.
pub trait Cage: Send + Sync {
    /// Hands in one document and gives back the other; a sentence says which limit was met.
    fn render(&self, document: &[u8]) -> Result<Vec<u8>, String>;
}
