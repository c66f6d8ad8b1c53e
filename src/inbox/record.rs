//! What is stored of the inbox.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::model::Item;
use crate::{base::Name, ledger::Record};

/// What became of an item on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Told {
    /// Sent; what the other side calls the message, if it says.
    Sent(String),
    /// Given up.
    Failed(String),
}

/// An item, and where it was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ItemRecord {
    pub(super) item: Item,
    /// By the name of the channel.
    #[serde(default)]
    pub(super) told: BTreeMap<String, Told>,
}

impl Record for ItemRecord {
    const KIND: &'static str = "inbox-item";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.item.id.to_string()
    }
}

/// A workspace whose questions are also files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FolderRecord {
    pub(super) workspace: Name,
    pub(super) folder: PathBuf,
}

impl Record for FolderRecord {
    const KIND: &'static str = "inbox-folder";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.workspace.to_string()
    }
}
