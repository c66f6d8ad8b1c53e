use serde_json::Value;

use super::record::{Record, key_of, seal};
use crate::{base::Fact, port::Op};

/// What is stored in one step: records and the facts that go with them.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    pub(super) ops: Vec<Op>,
    pub(super) facts: Vec<Happened>,
}

/// A fact on its way to the ledger.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    pub(super) kind: &'static str,
    pub(super) v: u16,
    pub(super) body: Value,
}

impl Decision {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces a record.
    pub fn put<R: Record>(&mut self, record: &R) -> &mut Self {
        self.ops.push(Op::Put(key_of::<R>(&record.key()), seal(record)));
        self
    }

    /// Removes the record of this key.
    pub fn delete<R: Record>(&mut self, key: &str) -> &mut Self {
        self.ops.push(Op::Delete(key_of::<R>(key)));
        self
    }

    /// Tells the ledger a fact.
    pub fn fact<F: Fact>(&mut self, fact: &F) -> &mut Self {
        let body = serde_json::to_value(fact).unwrap_or_default();
        self.facts.push(Happened { kind: F::KIND, v: F::VERSION, body });
        self
    }

    /// Adds all of another decision after this one.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.ops.extend(other.ops);
        self.facts.extend(other.facts);
        self
    }

    /// Whether it changes the record of this key.
    pub(crate) fn changes<R: Record>(&self, key: &str) -> bool {
        let wanted = key_of::<R>(key);
        self.ops.iter().any(|op| match op {
            Op::Put(key, _) | Op::Delete(key) => *key == wanted,
        })
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty() && self.facts.is_empty()
    }
}
