//! What all definitions share: text with places, commands, spans, signals, limits.
//!
//! Pure. Every reader takes the page it reads from and the list of faults it adds to, so that all
//! faults of a file are told at once, each with its line.

mod command;
mod page;
mod values;
pub(crate) mod yaml;

pub use command::Command;
pub(crate) use command::{argv, command_of, commands_of, program};
pub(crate) use page::{Any, Faults, OneOrMany, Page, Text, text_of};
pub(crate) use values::{bytes, limits, name, signal_number, span_ms};
