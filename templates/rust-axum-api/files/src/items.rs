//! The example of this project: named things that are kept until the program ends.

use std::{
    collections::BTreeMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use serde::Serialize;

use crate::error::Error;

/// Most characters of a name.
pub const MAX_NAME: usize = 100;

/// One named thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its number, never given twice.
    pub id: u64,
    /// What it is called.
    pub name: String,
}

/// All items.
#[derive(Debug, Default)]
pub struct Items {
    kept: RwLock<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    items: BTreeMap<u64, Item>,
}

impl Items {
    /// All items, by id.
    pub fn list(&self) -> Vec<Item> {
        self.read().items.values().cloned().collect()
    }

    /// One item.
    ///
    /// # Errors
    /// If there is no such item.
    pub fn get(&self, id: u64) -> Result<Item, Error> {
        self.read().items.get(&id).cloned().ok_or(Error::NotFound)
    }

    /// Keeps a new item.
    ///
    /// # Errors
    /// If the name cannot be one.
    pub fn add(&self, name: &str) -> Result<Item, Error> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err(Error::Name);
        }
        let mut kept = self.write();
        kept.last += 1;
        let item = Item { id: kept.last, name: name.to_owned() };
        kept.items.insert(item.id, item.clone());
        Ok(item)
    }

    /// Forgets an item.
    ///
    /// # Errors
    /// If there is no such item.
    pub fn delete(&self, id: u64) -> Result<(), Error> {
        self.write().items.remove(&id).map(drop).ok_or(Error::NotFound)
    }

    // Nothing that is done under the lock can stop halfway, so what a panic leaves is whole.
    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_have_a_length() {
        let items = Items::default();
        assert_eq!(items.add("  first ").unwrap().name, "first");
        assert!(items.add(&"é".repeat(MAX_NAME)).is_ok());
        for name in ["", "  ", &"é".repeat(MAX_NAME + 1)] {
            assert!(matches!(items.add(name), Err(Error::Name)), "{name}");
        }
    }

    #[test]
    fn an_id_is_never_given_twice() {
        let items = Items::default();
        let first = items.add("first").unwrap();
        items.delete(first.id).unwrap();
        assert!(items.add("second").unwrap().id > first.id);
        assert!(matches!(items.delete(first.id), Err(Error::NotFound)));
    }
}
