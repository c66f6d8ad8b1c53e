//! The append-only journal of facts, and the one writer of the store.
//!
//! Rooms: `chain` (pure: what links one entry to the next, and what breaks the chain), `record`
//! (stored shapes of the slices), `decision` (what is stored in one step), `actor` (the writer),
//! `export` (everything as JSON lines, and back), `verb`.
//!
//! Invariants:
//! - A decision is stored whole or not at all, and acknowledged only after it is on disk.
//! - An entry is never changed; compaction removes the oldest and leaves a checkpoint that the
//!   rest of the chain hangs on.

mod actor;
mod chain;
mod decision;
mod export;
mod record;

pub(crate) use actor::refusal as store_refusal;
pub use actor::{Handle, Retention, spawn};
pub use chain::{Checkpoint, Entry, Fault, Verdict};
pub use decision::Decision;
pub use export::{import, lines as export_lines, verify_lines};
pub use record::{Record, Unreadable};
