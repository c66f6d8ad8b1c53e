//! One inbox for everything that waits for a person, and the ways a person is told.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`: the nouns; `machine`: pure; what is an answer to what, and what time does
//! - `find`: from what a person types to an item; `page`: a question as a file
//! - `channel`: pure; the ways to a person, one file per kind
//! - `record`, `fact`, `view`: what is stored, told and seen
//! - `actor`: the shell; one task for the items, one for each channel and each folder
//! - `verb`, `stream`: what can be asked
//!
//! Invariants:
//! - An item is answered once; who comes second is told the first answer.
//! - What was raised is on disk before anybody hears of it, and told again after a crash.
//! - A secret is looked up when it is used, and stands in no record, fact, log or refusal.

mod actor;
mod channel;
mod fact;
mod find;
mod machine;
mod model;
mod page;
mod record;
mod stream;
mod verb;
mod view;

#[cfg(test)]
mod tests;

pub use actor::{Handle, Options, Ports, spawn};
pub use channel::config::{Configured, channels};
pub(crate) use channel::{Lookup, Secret};
pub use fact::KINDS as FACTS;
pub use model::{Answer, Choice, Item, Kind, Level, NewItem, Notice, State, Who};
pub(crate) use stream::routes as streams;
pub(crate) use verb::{entries, routes, top};
pub use view::View;
