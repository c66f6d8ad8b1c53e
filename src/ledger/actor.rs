//! The one writer of the store: a thread that takes decisions, stores many at once, and tells
//! everyone who listens.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::{
    chain::{Check, Checkpoint, Entry, Verdict, origin},
    decision::Decision,
    record::{Record, key_of, open},
};
use crate::{
    base::{Code, Envelope, Moment, Refusal},
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
const ENTRIES: &[u8] = b"e/";
const ENTRIES_END: &[u8] = b"e0";
const RECORDS: &[u8] = b"r/";
const RECORDS_END: &[u8] = b"r0";

/// How much of the ledger is kept; 0 is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Newest entries kept.
    pub entries: u64,
    /// Age up to which entries are kept.
    pub age: Duration,
}

/// How the rest of gaia talks to the ledger and the store. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    store: Arc<dyn Store>,
    inbox: mpsc::UnboundedSender<Job>,
    news: broadcast::Sender<Arc<Entry>>,
    clock: Arc<dyn Clock>,
}

enum Job {
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
    let handle =
        Handle { store: Arc::clone(&store), inbox, news: news.clone(), clock: Arc::clone(&clock) };
    let writer = Writer { store, clock, news, seq, prev, retention };
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
            self.commit(std::mem::take(&mut group));
            self.keep_small();
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
        ops.push(Op::Put(LAST.to_vec(), self.seq.to_string().into_bytes()));
        let stored = self.store.apply(ops).and_then(|()| self.store.flush());
        match stored.and_then(|()| self.store.witness(self.seq)) {
            Ok(()) => self.announce(waiting),
            Err(error) => {
                (self.seq, self.prev) = (seq, prev);
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

impl Handle {
    /// Stores a decision and returns when it is on disk: the position of its last fact.
    pub async fn commit(&self, decision: Decision) -> Result<u64, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the ledger has ended");
        self.inbox.send(Job::Commit(decision, reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?.map_err(refusal)
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
        let text = self.store.get(&key_of(R::KIND, key)).map_err(refusal)?;
        text.map(|text| open(&text).map_err(unreadable)).transpose()
    }

    /// Every record of a kind, in the order of their keys.
    pub fn scan<R: Record>(&self) -> Result<Vec<R>, Refusal> {
        let (from, to) = (key_of(R::KIND, ""), format!("r/{}0", R::KIND).into_bytes());
        let found = self.store.range(&from, &to, usize::MAX).map_err(refusal)?;
        found.iter().map(|(_, text)| open(text).map_err(unreadable)).collect()
    }

    /// Every record of a kind whose key begins so, in the order of their keys.
    pub fn scan_under<R: Record>(&self, begin: &str) -> Result<Vec<R>, Refusal> {
        let from = key_of(R::KIND, begin);
        // The key after all that begin so.
        let to = [&from[..], &[0xff]].concat();
        let found = self.store.range(&from, &to, usize::MAX).map_err(refusal)?;
        found.iter().map(|(_, text)| open(text).map_err(unreadable)).collect()
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
    store.range(RECORDS, RECORDS_END, usize::MAX)
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
