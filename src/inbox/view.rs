//! The picture of the inbox.

use std::{collections::BTreeMap, sync::Arc};

use super::{find::find, model::Item};
use crate::base::{ItemId, Refusal};

/// What is open, and what was until it is forgotten.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// All of it, oldest first.
    pub items: BTreeMap<ItemId, Arc<Item>>,
}

impl View {
    /// What waits for a person, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Item>> {
        self.items.values().filter(|item| item.is_open())
    }

    /// The item that a person means by `text`: an id, or enough of one.
    pub fn find(&self, text: &str) -> Result<Arc<Item>, Refusal> {
        find(&self.items, text).map(Arc::clone)
    }
}
