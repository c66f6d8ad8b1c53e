//! Experts: what is known about areas of the work, told to agents, and learned with a person's yes.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`: the nouns; `file`: an expert as YAML; `builtin`: those that come with gaia
//! - `choose`: pure; which experts a step is told of, within a budget
//! - `learn`: pure; proposals, and what they make of a file
//! - `find`: experts of the workspace, then of the home, then built in
//! - `record`, `fact`: what is stored and told
//! - `actor`: the shell; the one task that changes files
//! - `verb`: what can be asked
//!
//! Invariants:
//! - Nothing is learned without a person's yes.
//! - A file is replaced whole or not at all, and only where what was there is in the history: also
//!   what a person wrote by hand.
//! - What an expert says is text: no template, no shell line that gaia runs.

mod actor;
mod builtin;
mod choose;
mod fact;
mod file;
mod find;
mod learn;
mod model;
mod record;
mod verb;

pub use actor::{Handle, New, Ports, Version, spawn};
pub use builtin::BUILTIN;
pub use fact::KINDS as FACTS;
pub use learn::{CommandChange, ListChange, Proposal};
pub use model::{Brief, Chosen, Expert, Fate, Left};
pub(crate) use verb::{entries, routes};
