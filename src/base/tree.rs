use serde::{Deserialize, Serialize};

/// What lies at a path, as git tells it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A file.
    Plain,
    /// A program.
    Exec,
    /// A symlink; its bytes are where it leads.
    Link,
    /// An empty folder; it has no bytes.
    Folder,
}

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Path below the tree's folder, with `/`.
    pub path: String,
    /// All of it.
    pub bytes: Vec<u8>,
    /// What it is.
    pub mode: Mode,
}
