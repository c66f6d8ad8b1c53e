use std::path::Path;

/// What lies at a path, no link followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A file.
    File {
        /// All of it.
        bytes: Vec<u8>,
        /// Its owner may run it.
        exec: bool,
    },
    /// A link, and where it leads.
    Link(String),
    /// A folder.
    Folder,
}

/// Something is held for as long as this lives.
pub trait Held: Send + Sync {}

/// The files below one folder, by their path with `/`. No link is ever followed below it, and so no
/// path leads out of it.
pub trait Beneath: Send + Sync {
    /// Keeps others of gaia out of this folder; a sentence if somebody is in it.
    fn hold(&self, root: &Path) -> Result<Box<dyn Held>, String>;
    /// What is there; nothing, if a folder on the way is none.
    fn look(&self, root: &Path, path: &str) -> Result<Option<Seen>, String>;
    /// Every file and link below, without those that git ignores and gaia's and git's own, sorted.
    fn walk(&self, root: &Path) -> Result<Vec<String>, String>;
    /// Writes a file, link or folder in place of what is there, whole or not at all, with the folders above it.
    /// A file that is `like` another can be read by the same people.
    fn put(&self, root: &Path, path: &str, what: &Seen, like: Option<&str>) -> Result<(), String>;
    /// Moves a file in place of what is at `to`. One that is not there has been moved already.
    fn shift(&self, root: &Path, from: &str, to: &str) -> Result<(), String>;
    /// Removes a file or a link, and the folders above that are empty then.
    fn remove(&self, root: &Path, path: &str) -> Result<(), String>;
    /// Removes a folder with all that is below it.
    fn clear(&self, root: &Path, path: &str) -> Result<(), String>;
    /// All that was written so far outlives a power cut.
    fn settle(&self, root: &Path) -> Result<(), String>;
}
