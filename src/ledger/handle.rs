//! How the rest of gaia reads the store and the ledger, and hands the writer what is to be stored.

use std::sync::Arc;

use futures_util::{Stream, stream};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

use super::{
    actor::{ENTRIES, ENTRIES_END, Job, PAGE, Retention, acknowledged, checkpoint, entry_key},
    chain::{Check, Checkpoint, Entry, Verdict},
    decision::Decision,
    record::{BULKY, RECORDS, Record, key_of, old_key_of, open},
};
use crate::{
    base::{Code, Moment, Refusal},
    port::{Clock, Store, StoreError},
};

/// How the rest of gaia talks to the ledger and the store. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(super) store: Arc<dyn Store>,
    pub(super) inbox: mpsc::UnboundedSender<Job>,
    pub(super) news: broadcast::Sender<Arc<Entry>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) failed: Arc<Notify>,
}

impl Handle {
    /// Stores a decision and returns when it is on disk: the position of its last fact.
    pub async fn commit(&self, decision: Decision) -> Result<u64, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the ledger has ended");
        self.inbox.send(Job::Commit(decision, reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?.map_err(refusal)
    }

    /// Returns when the disk of the store did not take what it was given; the store takes nothing
    /// more then until it is opened anew.
    pub async fn failed(&self) {
        self.failed.notified().await;
    }

    /// Removes entries that are older than wanted.
    pub async fn compact(&self, wanted: Retention) -> Result<Checkpoint, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the ledger has ended");
        self.inbox.send(Job::Compact(wanted, reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?.map_err(refusal)
    }

    /// The record of this key.
    pub fn load<R: Record>(&self, key: &str) -> Result<Option<R>, Refusal> {
        let mut text = self.store.get(&key_of::<R>(key)).map_err(refusal)?;
        if text.is_none() && R::BULKY {
            text = self.store.get(&old_key_of::<R>(key)).map_err(refusal)?;
        }
        text.map(|text| open(&text).map_err(unreadable)).transpose()
    }

    /// Whether there is a record of this key.
    pub fn has<R: Record>(&self, key: &str) -> Result<bool, Refusal> {
        Ok(self.store.get(&key_of::<R>(key)).map_err(refusal)?.is_some())
    }

    /// Every record of a kind, in the order of their keys.
    pub fn scan<R: Record>(&self) -> Result<Vec<R>, Refusal> {
        self.scan_under("")
    }

    /// Every record of a kind whose key begins so, in the order of their keys.
    pub fn scan_under<R: Record>(&self, begin: &str) -> Result<Vec<R>, Refusal> {
        let mut all = Vec::new();
        self.each_under(begin, |record| all.push(record))?;
        Ok(all)
    }

    /// The same one by one: there may be more than should be in memory at a time.
    pub fn each_under<R: Record>(
        &self,
        begin: &str,
        mut each: impl FnMut(R),
    ) -> Result<(), Refusal> {
        let mut from = key_of::<R>(begin);
        // The key after all that begin so.
        let to = [&from[..], &[0xff]].concat();
        loop {
            let found = self.store.range(&from, &to, PAGE).map_err(refusal)?;
            for (_, text) in &found {
                each(open(text).map_err(unreadable)?);
            }
            match found.last() {
                Some((last, _)) if found.len() == PAGE => from = [&last[..], &[0]].concat(),
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// At most `limit` entries after position `after`.
    pub fn entries(&self, after: u64, limit: usize) -> Result<Vec<Entry>, Refusal> {
        page(&*self.store, after, limit).map_err(refusal)
    }

    /// Position of the newest entry that was told before a moment; found by halving, as entries
    /// stand in the order of their time.
    pub(crate) fn before(&self, moment: Moment) -> Result<u64, Refusal> {
        let (mut low, mut high) = (checkpoint(&*self.store).map_err(refusal)?.seq, self.last()?);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.entries(middle, 1)?.first() {
                Some(entry) if entry.at < moment => low = entry.seq,
                Some(_) | None => high = middle,
            }
        }
        Ok(low)
    }

    /// Position of the newest entry.
    pub fn last(&self) -> Result<u64, Refusal> {
        acknowledged(&*self.store).map_err(refusal)
    }

    /// The present moment, by the clock that stamps the entries.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Checks the whole chain.
    pub fn verify(&self) -> Result<Verdict, Refusal> {
        verify(&*self.store).map_err(refusal)
    }

    /// The store itself, to be read from.
    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Every entry after position `after`, first from the store, then as it comes: none is left
    /// out and none comes twice.
    pub fn subscribe(&self, after: u64) -> impl Stream<Item = Arc<Entry>> + Send + use<> {
        let state = (self.clone(), self.news.subscribe(), after, Vec::<Entry>::new());
        stream::unfold(state, |(ledger, mut news, mut after, mut ready)| async move {
            loop {
                if let Some(entry) = ready.pop() {
                    after = entry.seq;
                    return Some((Arc::new(entry), (ledger, news, after, ready)));
                }
                ready = ledger.entries(after, PAGE).ok()?;
                ready.reverse();
                if !ready.is_empty() {
                    continue;
                }
                match news.recv().await {
                    Ok(entry) if entry.seq == after + 1 => {
                        after = entry.seq;
                        return Some((entry, (ledger, news, after, ready)));
                    }
                    // Seen already, or more came than we took: the store has them all.
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => (),
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        })
    }
}

pub(super) fn page(store: &dyn Store, after: u64, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let found = store.range(&entry_key(after + 1), ENTRIES_END, limit)?;
    Ok(found.iter().filter_map(|(_, text)| serde_json::from_slice(text).ok()).collect())
}

/// Every record as stored.
pub(super) fn records(store: &dyn Store) -> Result<crate::port::Entries, StoreError> {
    let mut all = Vec::new();
    for room in [BULKY, RECORDS] {
        let (from, to) = (format!("{room}/"), format!("{room}0"));
        all.extend(store.range(from.as_bytes(), to.as_bytes(), usize::MAX)?);
    }
    Ok(all)
}

/// Checks the chain of a store.
pub(super) fn verify(store: &dyn Store) -> Result<Verdict, StoreError> {
    let mut check = Check::new(&checkpoint(store)?);
    let mut from = ENTRIES.to_vec();
    loop {
        let found = store.range(&from, ENTRIES_END, PAGE)?;
        let Some((last, _)) = found.last() else { break };
        from = [last, &[0][..]].concat();
        for (key, text) in &found {
            let at = key[ENTRIES.len()..].try_into().map_or(0, u64::from_be_bytes);
            check.next(at, serde_json::from_slice(text).ok().as_ref());
        }
    }
    Ok(check.end(acknowledged(store)?))
}

fn unreadable(error: super::record::Unreadable) -> Refusal {
    Refusal::new(Code::Failed, error)
        .help("it was written by a later gaia: install that one, or `gaia export` with it")
}

/// What the store said, as a refusal with a way out.
pub(crate) fn refusal(error: StoreError) -> Refusal {
    let help = match &error {
        StoreError::Locked(_) => {
            "`gaia daemon status` shows who has it; `gaia doctor` finds strays"
        }
        StoreError::Newer { .. } => {
            "install the gaia that wrote it; this one changes nothing in it"
        }
        StoreError::Damaged { .. } => {
            "nothing was changed; keep a copy of the folder, then move it away and `gaia import` your last export"
        }
        StoreError::Disk { .. } => {
            "free some space, or correct the owner of the folder, and try again"
        }
    };
    Refusal::new(Code::Failed, &error).help(help)
}
