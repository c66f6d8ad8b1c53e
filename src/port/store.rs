use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use thiserror::Error;

/// One change of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Write this value under this key.
    Put(Vec<u8>, Vec<u8>),
    /// Remove this key.
    Delete(Vec<u8>),
}

/// An ordered map on disk. All calls may block for the length of a disk write.
pub trait Store: Send + Sync {
    /// Carries out all of `ops` or none; what it did is durable only after [`Store::flush`].
    fn apply(&self, ops: Vec<Op>) -> Result<(), StoreError>;
    /// Returns when everything applied so far is on disk.
    fn flush(&self) -> Result<(), StoreError>;
    /// Remembers, outside of the store itself, that entries up to `seq` are acknowledged: a store
    /// that comes back with less has lost something.
    fn witness(&self, seq: u64) -> Result<(), StoreError>;
    /// What was remembered last; 0 if nothing ever was.
    fn witnessed(&self) -> u64;
    /// The value under `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// At most `limit` entries with `from <= key < to`, in order of their keys.
    fn range(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Entries, StoreError>;
    /// The entry with the greatest key below `to` that starts with `prefix`.
    fn last(&self, prefix: &[u8], to: &[u8]) -> Result<Option<Entry>, StoreError>;
}

/// Keys and values, in order.
pub type Entries = Vec<Entry>;
/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Why the store did not do it; each says its way out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// Another process holds it.
    #[error("the store {0} is in use by another process")]
    Locked(String),
    /// Written by a later gaia.
    #[error(
        "the store {path} was written by a later gaia (format {found}, this one reads up to {known})"
    )]
    Newer {
        /// The folder.
        path: String,
        /// Format found.
        found: u32,
        /// Newest format this build knows.
        known: u32,
    },
    /// The files are not what was written.
    #[error("the store {path} is damaged: {what}")]
    Damaged {
        /// The folder.
        path: String,
        /// What was found.
        what: String,
    },
    /// No space, no permission, or another fault of the disk.
    #[error("the store {path} cannot be written: {what}")]
    Disk {
        /// The folder.
        path: String,
        /// What the system said.
        what: String,
    },
}

/// A store that only remembers, and fails on demand.
#[derive(Clone, Default)]
pub struct FakeStore {
    map: Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>,
    fault: Arc<Mutex<Option<StoreError>>>,
    witness: Arc<AtomicU64>,
}

impl FakeStore {
    /// Every later `apply` and `flush` fails with this, until it is set to `None`.
    pub fn fail_with(&self, fault: Option<StoreError>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn check(&self) -> Result<(), StoreError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    fn map(&self) -> std::sync::MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for FakeStore {
    fn apply(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        self.check()?;
        let mut map = self.map();
        for op in ops {
            match op {
                Op::Put(key, value) => drop(map.insert(key, value)),
                Op::Delete(key) => drop(map.remove(&key)),
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.check()
    }

    fn witness(&self, seq: u64) -> Result<(), StoreError> {
        self.witness.store(seq, Ordering::SeqCst);
        Ok(())
    }

    fn witnessed(&self) -> u64 {
        self.witness.load(Ordering::SeqCst)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.map().get(key).cloned())
    }

    fn range(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Entries, StoreError> {
        let map = self.map();
        let found = map.range(from.to_vec()..to.to_vec().max(from.to_vec())).take(limit);
        Ok(found.map(|(k, v)| (k.clone(), v.clone())).collect())
    }

    fn last(&self, prefix: &[u8], to: &[u8]) -> Result<Option<Entry>, StoreError> {
        let map = self.map();
        let found = map.range(prefix.to_vec()..to.to_vec().max(prefix.to_vec())).next_back();
        Ok(found.filter(|(k, _)| k.starts_with(prefix)).map(|(k, v)| (k.clone(), v.clone())))
    }
}
