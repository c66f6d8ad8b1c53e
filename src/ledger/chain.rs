//! Entries and what links them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base::{Envelope, Moment};

/// One line of the ledger: an envelope, and the links that make a change of it visible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Position in the ledger, counted from 1.
    pub seq: u64,
    /// When it happened.
    pub at: Moment,
    /// Kind of the fact.
    pub kind: String,
    /// Version of the body.
    pub v: u16,
    /// The body.
    pub body: Value,
    /// Hash of the entry before it; zeros before the first.
    pub prev: String,
    /// SHA-256 over all of the above, in hexadecimal.
    pub hash: String,
}

/// What stands in place of the entries that compaction removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Checkpoint {
    /// Position of the last entry removed; 0 if none ever was.
    pub seq: u64,
    /// Entries removed so far.
    pub removed: u64,
    /// Hash of the last entry removed.
    pub hash: String,
}

/// The hash before the first entry.
pub(crate) fn origin() -> String {
    "0".repeat(64)
}

impl Entry {
    /// Links an envelope to the entry before it.
    pub(crate) fn link(envelope: Envelope, prev: String) -> Self {
        let Envelope { seq, at, kind, v, body } = envelope;
        let mut entry = Self { seq, at, kind, v, body, prev, hash: String::new() };
        entry.hash = entry.digest();
        entry
    }

    /// The fact without its links.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        let Self { seq, at, kind, v, body, .. } = self.clone();
        Envelope { seq, at, kind, v, body }
    }

    /// Every part is preceded by its length, so that no two entries have the same text.
    fn digest(&self) -> String {
        let body = self.body.to_string();
        let head = [self.seq.to_string(), self.at.0.to_string(), self.v.to_string()];
        let mut hasher = Sha256::new();
        for part in [&self.prev, &head[0], &head[1], &head[2], &self.kind, &body] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What is wrong with the ledger, and at which entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Position of the entry.
    pub seq: u64,
    /// What is wrong with it.
    pub what: String,
}

/// What a check of the whole ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Entries looked at.
    pub entries: u64,
    /// Position of the first and the last of them.
    pub span: Option<(u64, u64)>,
    /// Entries removed by compaction before them.
    pub compacted: u64,
    /// Everything that is wrong; empty for a good ledger.
    pub faults: Vec<Fault>,
}

/// Checks a ledger entry by entry, in order.
pub(crate) struct Check {
    seq: u64,
    prev: String,
    verdict: Verdict,
}

impl Check {
    /// Begins after what compaction removed.
    pub(crate) fn new(checkpoint: &Checkpoint) -> Self {
        let prev = if checkpoint.seq == 0 { origin() } else { checkpoint.hash.clone() };
        let verdict = Verdict { compacted: checkpoint.removed, ..Verdict::default() };
        Self { seq: checkpoint.seq, prev, verdict }
    }

    /// Looks at the next entry, found at position `at`; `None`: its text is no entry.
    pub(crate) fn next(&mut self, at: u64, entry: Option<&Entry>) {
        let wanted = self.seq + 1;
        if at > wanted {
            self.fault(wanted, format!("missing: the next entry found is {at}"));
        }
        self.verdict.entries += 1;
        let first = self.verdict.span.map_or(at, |(first, _)| first);
        self.verdict.span = Some((first, at));
        let Some(entry) = entry else {
            self.fault(at, "its text is no entry".to_owned());
            self.seq = at;
            self.prev.clear();
            return;
        };
        if entry.seq != at {
            self.fault(at, format!("reordered: it says that it is entry {}", entry.seq));
        } else if entry.hash != entry.digest() {
            self.fault(at, "changed: its hash does not fit its text".to_owned());
        } else if entry.prev != self.prev && at == wanted && !self.prev.is_empty() {
            self.fault(at, "it does not follow the entry before it".to_owned());
        }
        self.seq = at;
        self.prev.clone_from(&entry.hash);
    }

    /// Ends the check; `last` is the position the store remembers as acknowledged.
    pub(crate) fn end(mut self, last: u64) -> Verdict {
        if self.seq < last {
            self.fault(self.seq + 1, format!("missing: entries up to {last} were written"));
        }
        self.verdict
    }

    /// Where the chain ends.
    pub(crate) fn head(&self) -> (u64, String) {
        (self.seq, self.prev.clone())
    }

    fn fault(&mut self, seq: u64, what: String) {
        self.verdict.faults.push(Fault { seq, what });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ledger(length: u64) -> Vec<Entry> {
        let mut prev = origin();
        (1..=length)
            .map(|seq| {
                let body = serde_json::json!({"n": seq * 7, "text": "a fact"});
                let kind = "test.happened".to_owned();
                let envelope = Envelope { seq, at: Moment(seq * 1000), kind, v: 1, body };
                let entry = Entry::link(envelope, prev.clone());
                prev.clone_from(&entry.hash);
                entry
            })
            .collect()
    }

    fn check(entries: &[(u64, Entry)], last: u64) -> Verdict {
        let mut check = Check::new(&Checkpoint::default());
        entries.iter().for_each(|(at, entry)| check.next(*at, Some(entry)));
        check.end(last)
    }

    fn numbered(entries: Vec<Entry>) -> Vec<(u64, Entry)> {
        entries.into_iter().map(|e| (e.seq, e)).collect()
    }

    #[test]
    fn a_good_ledger_is_quiet() {
        assert_eq!(check(&numbered(ledger(20)), 20).faults, []);
    }

    #[test]
    fn what_follows_a_checkpoint_is_held_to_it() {
        let all = ledger(10);
        let good = Checkpoint { seq: 4, removed: 4, hash: all[3].hash.clone() };
        let run = |checkpoint: &Checkpoint| {
            let mut check = Check::new(checkpoint);
            all[4..].iter().for_each(|entry| check.next(entry.seq, Some(entry)));
            check.end(10).faults
        };
        assert_eq!(run(&good), []);
        let forged = Checkpoint { hash: all[2].hash.clone(), ..good };
        assert_eq!(run(&forged)[0].seq, 5);
        assert_eq!(run(&Checkpoint::default())[0].seq, 1);
    }

    proptest! {
        #[test]
        fn every_single_change_is_found_where_it_is(at in 1_usize..20, what in 0..5) {
            let mut entries = numbered(ledger(20));
            match what {
                0 => entries[at].1.body["text"] = "a lie".into(),
                1 => entries[at].1.at = Moment(1),
                2 => entries[at].1.kind.push('x'),
                3 => drop(entries.remove(at)),
                _ => {
                    let (a, b) = (entries[at - 1].1.clone(), entries[at].1.clone());
                    entries[at - 1].1 = b;
                    entries[at].1 = a;
                }
            }
            let faults = check(&entries, 20).faults;
            let wanted = if what == 4 { at } else { at + 1 } as u64;
            prop_assert_eq!(faults.first().map(|f| f.seq), Some(wanted));
        }
    }
}
