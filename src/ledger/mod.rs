//! The append-only journal of facts, and the one writer of the store.
//!
//! Rooms: `chain` (pure: what links one entry to the next, and what breaks the chain), `record`
//! (stored shapes of the slices), `decision` (what is stored in one step), `actor` (the writer),
//! `handle` (how it is asked, and what is read), `export` (everything as JSON lines, and back),
//! `verb`.
//!
//! Invariants:
//! - A decision is stored whole or not at all, and acknowledged only after it is on disk.
//! - An entry is never changed; compaction removes the oldest and leaves a checkpoint that the
//!   rest of the chain hangs on.

mod actor;
mod chain;
mod decision;
mod export;
mod handle;
mod record;
mod stream;
#[cfg(test)]
mod tests;
mod verb;

pub use actor::{Retention, spawn};
pub use chain::{Checkpoint, Entry, Fault, Verdict};
pub use decision::Decision;
pub use export::{import, lines as export_lines, verify_lines};
pub use handle::Handle;
pub(crate) use handle::refusal as store_refusal;
pub use record::{Record, Unreadable};
pub(crate) use stream::{glob as fits, routes as streams};
pub(crate) use verb::{entries, routes, top};

/// A verdict for a person.
pub(crate) fn show_verdict(
    verdict: serde_json::Value,
    ui: &crate::verb::Ui,
) -> Result<String, crate::base::Refusal> {
    let entry = entries().into_iter().find(|entry| entry.name == "verify");
    entry.map_or(Ok(String::new()), |entry| (entry.show)(verdict, ui).map(|(text, _)| text))
}
