//! How a prompt gets into the input line of a program, at most once, and what became of it.
//!
//! Pure. The receipt climbs `queued → typed → submitted → accepted`, or ends as `refused` (nothing
//! was typed) or `unknown` (something was, and nobody can say what came of it: a person is asked,
//! it is never typed again). What a person has typed is never overwritten, and a dialog never gets
//! the Enter that was meant for a prompt.
#![deny(clippy::wildcard_enum_match_arm)]

mod machine;
mod payload;
mod words;

pub use machine::Delivery;
pub use words::{Act, Look, Manner, Receipt, Sign, Why};

#[cfg(test)]
mod tests;
