//! When a trigger fires by the clock: a pattern in a zone, and what the clock does to it.
//!
//! Pure. `pattern` reads and lints, `slots` are the moments, `misfire` says which of those that
//! are due are run, `preview` shows what will be.
//!
//! Invariants:
//! - Slots of a timetable only go forward: the same moment never comes twice.
//! - A wall slot (a time of day on a date) gives at most one moment, its first, unless the rule is
//!   `elapsed` or the hours are `*` or `*/n`.

mod misfire;
mod pattern;
mod preview;
mod slots;

#[cfg(test)]
mod tests;

pub(crate) use misfire::{Due, Misfire, Policy, due};
pub(crate) use pattern::{Pattern, Unreadable};
pub(crate) use preview::{Shown, preview};
pub(crate) use slots::{Dst, Excluded, Rhythm, Timetable};
