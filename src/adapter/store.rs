//! The store on disk: sled, as one ordered map.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::{FileExt, OpenOptionsExt},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::port::{Entries, Entry, Op, Store, StoreError};

/// Format of the keys and records; raised when an older gaia could misread a newer store.
const FORMAT: u32 = 1;
/// Where the format stands.
const FORMAT_KEY: &[u8] = b"meta/format";
/// Memory sled may use as its cache; the ledger is read front to back, which caches poorly.
const CACHE_BYTES: u64 = 4 << 20;

/// How long the lock of a killed daemon may outlive it, and how often it is looked for.
const DYING: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(5);

/// A sled store.
pub struct SledStore {
    db: sled::Db,
    path: PathBuf,
    witness: File,
}

impl SledStore {
    /// Opens the store of a folder, or makes one where there is none. A store that cannot be read
    /// is refused, never replaced by an empty one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // The kernel takes the locks of a killed daemon away one after the other: this one may
        // follow a moment after that of the home.
        let mut looks = DYING.as_millis() / LOOK.as_millis();
        loop {
            match Self::open_now(path) {
                Err(StoreError::Locked(_)) if looks > 0 => super::process::pause(LOOK),
                other => return other,
            }
            looks -= 1;
        }
    }

    fn open_now(path: &Path) -> Result<Self, StoreError> {
        super::files::private_dir(path).map_err(|e| disk(path, &e))?;
        if looks_broken(path) {
            return Err(damaged(path, "its files are not all there"));
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let witness = options.open(path.join(WITNESS)).map_err(|e| disk(path, &e))?;
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None)
            .mode(sled::Mode::LowSpace);
        // sled panics on some damages instead of reporting them.
        let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
        let db = match opened {
            Ok(Ok(db)) => db,
            Ok(Err(error)) => return Err(fault(path, error)),
            Err(_) => return Err(damaged(path, "its files make no sense")),
        };
        let store = Self { db, path: path.to_owned(), witness };
        store.check_format()?;
        Ok(store)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let Some(text) = self.get(FORMAT_KEY)? else {
            if self.witnessed() > 0 || !self.db.is_empty() {
                return Err(damaged(&self.path, "its format record is gone"));
            }
            self.apply(vec![Op::Put(FORMAT_KEY.to_vec(), FORMAT.to_string().into_bytes())])?;
            return self.flush();
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let found = text.parse().map_err(|_| damaged(&self.path, "its format is unreadable"))?;
        if found > FORMAT {
            let path = self.path.display().to_string();
            return Err(StoreError::Newer { path, found, known: FORMAT });
        }
        Ok(())
    }

    /// Runs a sled call; its errors and panics become sentences.
    fn guard<T>(&self, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(fault(&self.path, error)),
            Err(_) => Err(damaged(&self.path, "a page of it makes no sense")),
        }
    }
}

/// Beside sled's files: the last acknowledged entry, in digits. sled drops a torn tail without a
/// word and begins anew where its files are gone; this file remembers that there was more.
const WITNESS: &str = "witness";

/// sled would quietly begin anew where its files are gone.
fn looks_broken(path: &Path) -> bool {
    let length = |name: &str| std::fs::metadata(path.join(name)).map_or(0, |file| file.len());
    length(WITNESS) > 0 && (length("conf") == 0 || length("db") == 0)
}

impl Store for SledStore {
    fn apply(&self, mut ops: Vec<Op>) -> Result<(), StoreError> {
        // One alone is whole by itself, and half of the writing of a batch.
        if let [op] = &mut ops[..] {
            let op = std::mem::replace(op, Op::Delete(vec![]));
            return self.guard(|| match op {
                Op::Put(key, value) => self.db.insert(key, value).map(drop),
                Op::Delete(key) => self.db.remove(key).map(drop),
            });
        }
        let mut batch = sled::Batch::default();
        for op in ops {
            match op {
                Op::Put(key, value) => batch.insert(key, value),
                Op::Delete(key) => batch.remove(key),
            }
        }
        self.guard(|| self.db.apply_batch(batch))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.guard(|| self.db.flush().map(drop))
    }

    fn witness(&self, seq: u64) -> Result<(), StoreError> {
        // Always the same length, so that no crash leaves a shorter number behind.
        let text = format!("{seq:020}\n");
        self.witness.write_all_at(text.as_bytes(), 0).map_err(|e| disk(&self.path, &e))
    }

    fn witnessed(&self) -> u64 {
        let mut text = [0; 20];
        let read = self.witness.read_exact_at(&mut text, 0);
        read.ok().and_then(|()| std::str::from_utf8(&text).ok()?.parse().ok()).unwrap_or(0)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.guard(|| Ok(self.db.get(key)?.map(|value| value.to_vec())))
    }

    fn range(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Entries, StoreError> {
        if from >= to {
            return Ok(vec![]);
        }
        self.guard(|| {
            let found = self.db.range(from..to).take(limit);
            found.map(|entry| entry.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
        })
    }

    fn last(&self, prefix: &[u8], to: &[u8]) -> Result<Option<Entry>, StoreError> {
        if prefix >= to {
            return Ok(None);
        }
        self.guard(|| {
            let found = self.db.range(prefix..to).next_back().transpose()?;
            Ok(found
                .filter(|(key, _)| key.starts_with(prefix))
                .map(|(key, value)| (key.to_vec(), value.to_vec())))
        })
    }
}

fn fault(path: &Path, error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => {
            let text = error.to_string();
            if text.contains("could not acquire lock") || text.contains("WouldBlock") {
                StoreError::Locked(path.display().to_string())
            } else if text.contains("orrupt") || text.contains("invalid") {
                damaged(path, &text)
            } else {
                disk(path, &error)
            }
        }
        sled::Error::Corruption { at, .. } => damaged(path, &format!("corruption at {at:?}")),
        sled::Error::CollectionNotFound(_)
        | sled::Error::Unsupported(_)
        | sled::Error::ReportableBug(_) => damaged(path, &error.to_string()),
    }
}

fn disk(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Disk { path: path.display().to_string(), what: error.to_string() }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged { path: path.display().to_string(), what: what.to_owned() }
}
