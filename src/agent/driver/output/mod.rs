//! What a headless run printed, and how it ended.
//!
//! - `matching`: conditions on records and texts, as drivers write them
//! - `shape`: what a driver file says about its output
//! - `reader`: bytes of a terminal in, signs out, everything kept that the end needs
//! - `counts`: tokens and money in a record
//! - `judge`: how it ended, from exit code, final record and whether there was one

mod counts;
mod judge;
mod matching;
#[cfg(test)]
mod pitfalls;
mod reader;
#[cfg(test)]
mod recorded;
mod shape;

pub use counts::Tokens;
pub(crate) use counts::count;
pub use judge::{Class, Outcome};
pub(crate) use matching::{Match, Pattern, at, first_text};
pub use reader::{Reader, Sign};
pub(crate) use shape::{At, Kind, Output, Rule, StopRule, TokensAt};
