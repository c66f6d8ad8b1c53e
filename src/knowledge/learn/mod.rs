//! What may be learned: a proposal, checked, and merged into the text of an expert.
//!
//! Pure.
//! - `proposal`: what an agent or a person proposes, with its limits
//! - `merge`: from an expert and a proposal to the expert that would be, and its text
//! - `edit`: the new text with as much of the old one as can stay: comments, order, manner
//! - `diff`: what changes, for a person
//!
//! Invariant: the text that comes out reads back as exactly the merged expert.

mod diff;
mod edit;
mod merge;
mod proposal;

pub(super) use diff::diff;
pub(super) use merge::{Merged, merge};
pub use proposal::{CommandChange, ListChange, Proposal};

#[cfg(test)]
mod tests;
