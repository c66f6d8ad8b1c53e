//! The one writer of the store: a thread that takes decisions, stores many at once, and tells
//! everyone who listens.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, broadcast, mpsc, oneshot};

use super::{
    chain::{Checkpoint, Entry, origin},
    decision::Decision,
    handle::{Handle, refusal},
};
use crate::{
    base::{Envelope, Moment, Refusal},
    port::{Clock, Op, Store, StoreError},
};

/// Decisions that share one flush at most.
const GROUP: usize = 256;
/// Entries a slow listener may be behind before it reads from the store again.
const BEHIND: usize = 1024;
/// Entries read from the store at once.
pub(super) const PAGE: usize = 512;
/// Entries are compacted when this many more than wanted are there.
const SLACK: u64 = 256;

pub(super) const CHECKPOINT: &[u8] = b"meta/checkpoint";
/// The last entry the writer acknowledged: a tail that is gone is missed.
pub(super) const LAST: &[u8] = b"meta/last";
pub(super) const ENTRIES: &[u8] = b"e/";
pub(super) const ENTRIES_END: &[u8] = b"e0";

/// How much of the ledger is kept; 0 is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Newest entries kept.
    pub entries: u64,
    /// Age up to which entries are kept.
    pub age: Duration,
}

pub(super) enum Job {
    Commit(Decision, oneshot::Sender<Result<u64, StoreError>>),
    Compact(Retention, oneshot::Sender<Result<Checkpoint, StoreError>>),
}

/// Key of an entry: its position, so that the order of keys is the order of entries.
pub(super) fn entry_key(seq: u64) -> Vec<u8> {
    [ENTRIES, &seq.to_be_bytes()].concat()
}

/// Starts the writer on a store whose chain it first finds the end of.
pub fn spawn(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    retention: Retention,
) -> Result<Handle, Refusal> {
    let (seq, prev) = head(&*store).map_err(refusal)?;
    let (inbox, jobs) = mpsc::unbounded_channel();
    let (news, _) = broadcast::channel(BEHIND);
    let failed = Arc::new(Notify::new());
    let handle = Handle {
        store: Arc::clone(&store),
        inbox,
        news: news.clone(),
        clock: Arc::clone(&clock),
        failed: Arc::clone(&failed),
    };
    let writer = Writer { store, clock, news, failed, seq, prev, retention };
    // sled's calls block: the writer has a thread of its own.
    tokio::task::spawn_blocking(move || writer.live(jobs));
    Ok(handle)
}

/// The end of the chain; refused if entries that were acknowledged are not there.
fn head(store: &dyn Store) -> Result<(u64, String), StoreError> {
    let checkpoint = checkpoint(store)?;
    let last = store.last(ENTRIES, ENTRIES_END)?;
    let found = match last {
        None if checkpoint.seq == 0 => (0, origin()),
        None => (checkpoint.seq, checkpoint.hash),
        Some((_, text)) => {
            let entry: Entry = serde_json::from_slice(&text).map_err(|e| {
                let what = format!("the last entry of the ledger is unreadable ({e})");
                StoreError::Damaged { path: "of this home".to_owned(), what }
            })?;
            (entry.seq, entry.hash)
        }
    };
    let promised = acknowledged(store)?.max(store.witnessed());
    if found.0 < promised {
        let what = format!("entries {} to {promised} of the ledger are gone", found.0 + 1);
        return Err(StoreError::Damaged { path: "of this home".to_owned(), what });
    }
    Ok(found)
}

pub(super) fn checkpoint(store: &dyn Store) -> Result<Checkpoint, StoreError> {
    let text = store.get(CHECKPOINT)?;
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default())
}

pub(super) fn acknowledged(store: &dyn Store) -> Result<u64, StoreError> {
    let text = store.get(LAST)?;
    Ok(text.and_then(|text| String::from_utf8(text).ok()?.parse().ok()).unwrap_or(0))
}

struct Writer {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    news: broadcast::Sender<Arc<Entry>>,
    failed: Arc<Notify>,
    seq: u64,
    prev: String,
    retention: Retention,
}

type Waiting = (Vec<Entry>, oneshot::Sender<Result<u64, StoreError>>);

impl Writer {
    fn live(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        let mut group = Vec::new();
        while let Some(job) = jobs.blocking_recv() {
            let mut next = Some(job);
            while let Some(job) = next.take() {
                match job {
                    Job::Commit(decision, reply) => group.push((decision, reply)),
                    Job::Compact(retention, reply) => {
                        self.commit(std::mem::take(&mut group));
                        let _ = reply.send(self.compact(retention));
                    }
                }
                if group.len() < GROUP {
                    next = jobs.try_recv().ok();
                }
            }
            let before = self.seq;
            self.commit(std::mem::take(&mut group));
            if self.seq > before {
                self.keep_small();
            }
        }
    }

    /// Stores a group of decisions with one flush, in order; all of them or none.
    fn commit(&mut self, group: Vec<(Decision, oneshot::Sender<Result<u64, StoreError>>)>) {
        if group.is_empty() {
            return;
        }
        let (seq, prev) = (self.seq, self.prev.clone());
        let mut ops = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        for (decision, reply) in group {
            ops.extend(decision.ops);
            let now = self.clock.now();
            let facts = decision.facts.into_iter();
            let entries = facts.map(|fact| self.link(now, fact)).collect::<Vec<_>>();
            for entry in &entries {
                let text = serde_json::to_vec(entry).unwrap_or_default();
                ops.push(Op::Put(entry_key(entry.seq), text));
            }
            waiting.push((entries, reply));
        }
        let told = self.seq > seq;
        if told {
            ops.push(Op::Put(LAST.to_vec(), self.seq.to_string().into_bytes()));
        }
        let stored = self.store.apply(ops).and_then(|()| self.store.flush());
        // What stands there already is not written again: most steps of runs tell nothing.
        let witnessed = |()| if told { self.store.witness(self.seq) } else { Ok(()) };
        match stored.and_then(witnessed) {
            Ok(()) => self.announce(waiting),
            Err(error) => {
                (self.seq, self.prev) = (seq, prev);
                // A damaged store is not mended by another start.
                if matches!(error, StoreError::Disk { .. }) {
                    self.failed.notify_one();
                }
                for (_, reply) in waiting {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn link(&mut self, at: Moment, fact: super::decision::Happened) -> Entry {
        self.seq += 1;
        let super::decision::Happened { kind, v, body } = fact;
        let envelope = Envelope { seq: self.seq, at, kind: kind.to_owned(), v, body };
        let entry = Entry::link(envelope, self.prev.clone());
        self.prev.clone_from(&entry.hash);
        entry
    }

    fn announce(&self, waiting: Vec<Waiting>) {
        let mut last = self.seq;
        for (entries, reply) in waiting {
            last = entries.last().map_or(last, |entry| entry.seq);
            for entry in entries {
                let _ = self.news.send(Arc::new(entry));
            }
            let _ = reply.send(Ok(last));
        }
    }

    fn keep_small(&mut self) {
        let wanted = self.retention.entries;
        let kept = self.seq.saturating_sub(checkpoint(&*self.store).map_or(0, |c| c.seq));
        if wanted > 0
            && kept > wanted + SLACK
            && let Err(error) = self.compact(self.retention)
        {
            tracing::error!(%error, "the ledger cannot be compacted");
        }
    }

    /// Removes what is older than wanted; the checkpoint goes with the removal in one step.
    fn compact(&mut self, wanted: Retention) -> Result<Checkpoint, StoreError> {
        let mut mark = checkpoint(&*self.store)?;
        let last_by_count = match wanted.entries {
            0 => 0,
            kept => self.seq.saturating_sub(kept),
        };
        let oldest = self.clock.now().0.saturating_sub(wanted.age.as_millis() as u64);
        loop {
            let page = self.store.range(&entry_key(mark.seq + 1), ENTRIES_END, PAGE)?;
            let mut ops = Vec::new();
            for (key, text) in page {
                let Ok(entry) = serde_json::from_slice::<Entry>(&text) else { break };
                let too_old = !wanted.age.is_zero() && entry.at.0 < oldest;
                if entry.seq > last_by_count && !too_old {
                    break;
                }
                let removed = mark.removed + 1;
                mark = Checkpoint { seq: entry.seq, removed, hash: entry.hash };
                ops.push(Op::Delete(key));
            }
            if ops.is_empty() {
                return Ok(mark);
            }
            ops.push(Op::Put(CHECKPOINT.to_vec(), serde_json::to_vec(&mark).unwrap_or_default()));
            self.store.apply(ops)?;
            self.store.flush()?;
        }
    }
}
