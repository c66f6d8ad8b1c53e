use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::base::{Item, Mode};

/// A file of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mode: Mode,
}

/// Where a template comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Origin {
    /// Inside gaia.
    Builtin,
    /// The home's own.
    Home(PathBuf),
    /// The workspace's own.
    Workspace(PathBuf),
    /// A folder somewhere else: a stranger's.
    Folder(PathBuf),
    /// A git repository: a stranger's.
    Git {
        url: String,
        /// The branch or tag that was asked for.
        reference: Option<String>,
        commit: String,
    },
}

impl Origin {
    /// Whether the person put it there for gaia: no stranger's.
    pub(crate) fn is_own(&self) -> bool {
        match self {
            Self::Builtin | Self::Home(_) | Self::Workspace(_) => true,
            Self::Folder(_) | Self::Git { .. } => false,
        }
    }

    /// As `.gaia/scaffold.toml` and a person's eye have it.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Builtin => "built in".to_owned(),
            Self::Home(path) | Self::Workspace(path) | Self::Folder(path) => {
                path.display().to_string()
            }
            Self::Git { url, .. } => url.clone(),
        }
    }
}

/// All files of a template by their path below its folder: `template.toml`, `files/…`,
/// `partials/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tree {
    /// Name of its folder.
    pub(crate) name: String,
    pub(crate) files: BTreeMap<String, TreeFile>,
}

impl Tree {
    /// The tree of these files.
    pub(crate) fn of(name: &str, items: Vec<Item>) -> Self {
        let file = |item: Item| (item.path, TreeFile { bytes: item.bytes, mode: item.mode });
        Self { name: name.to_owned(), files: items.into_iter().map(file).collect() }
    }
}

/// A template with all it extends, the base first and itself last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pack {
    pub(crate) origin: Origin,
    /// Never empty.
    pub(crate) layers: Vec<Tree>,
}

impl Pack {
    /// One hash of all its files, their paths and their modes.
    pub(crate) fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for tree in &self.layers {
            hash.update(format!("tree {}\n", tree.files.len()));
            for (path, file) in &tree.files {
                let mode = match file.mode {
                    Mode::Plain => "plain",
                    Mode::Exec => "exec",
                    Mode::Link => "link",
                    Mode::Folder => "folder",
                };
                hash.update(format!("{mode} {} {}\0{path}\0", path.len(), file.bytes.len()));
                hash.update(&file.bytes);
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
