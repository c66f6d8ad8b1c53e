//! The append-only journal of facts, and the one writer of the store.
