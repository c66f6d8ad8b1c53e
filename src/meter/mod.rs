//! Tokens and money: what agents use, what it costs, and when it is enough.
//!
//! Rooms, from the quiet one to the loud one:
//! - `usage`: tokens by kind and millionths of a dollar; integers, never floats
//! - `prices`: what a model costs, from `prices.toml` and the user's own file
//! - `budget`: limits as people write them, and the verdicts on them
//! - `counter`: readings of a session that only grow become differences
//! - `book`: pure; reservations, what was spent, by day, workspace, agent, task, provider, model
//! - `gate`: pure; how fast attempts may start at a provider, and until when it takes none
//! - `record`, `fact`: what is stored and told
//! - `verb`: `gaia cost`
//!
//! Invariants:
//! - An attempt is reserved before it starts and settled once; what is told twice counts once.
//! - A reservation that is granted leaves what is spent and reserved within every limit.
//! - Tokens of a cache are tokens. What has no price is told as unpriced and still fills a budget.

mod book;
mod budget;
mod counter;
mod fact;
mod gate;
mod prices;
mod record;
mod usage;
mod verb;

pub use book::{Ask, Book, Final, Grows, Key, Reading, Seen, Settled};
pub use budget::{Amount, Budgets, Cap, Estimate, Span, Verdict, Which};
pub use counter::Counter;
pub use fact::KINDS;
pub use gate::{Bucket, Gate, Gates, Rate, Start};
pub use prices::{BUILT_IN, Price, Prices};
pub use record::{Attempt, DayRecord, Part, Row, RowKey, State, TaskRecord};
pub use usage::{Micros, Tokens, Usage};
pub(crate) use verb::top;

/// The day of a moment, in UTC: `2026-11-21`.
#[must_use]
pub fn day_of(now: crate::base::Moment) -> String {
    now.show().chars().take(10).collect()
}
