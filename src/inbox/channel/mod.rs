//! The ways to a person: one file per kind, each turns a message into something to send.
//!
//! Pure: what is sent, and how an answer is read, is decided here; sending is done elsewhere.
//! `config` reads `[notify.NAME]`, `secret` finds what the file only refers to, `gate` keeps a
//! storm of messages from a person.

pub(super) mod config;
mod desktop;
mod email;
pub(super) mod gate;
mod message;
mod secret;
mod slack;
mod telegram;
mod webhook;

use std::time::Duration;

pub(super) use message::Message;
pub(crate) use secret::{Lookup, Secret};

use crate::base::Outgoing;

/// Time for one message.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A way to a person.
pub(super) trait Channel: Send + Sync {
    /// What has to be sent so that the person gets this message.
    fn render(&self, message: &Message, lookup: &Lookup<'_>) -> Result<Outgoing, String>;

    /// What the other side calls the message, from its answer; empty if it does not say.
    fn reference(&self, _reply: &str) -> Result<String, String> {
        Ok(String::new())
    }

    /// The way back, if there is one.
    fn back(&self) -> Option<&dyn Back> {
        None
    }
}

/// The way back from a person.
pub(super) trait Back: Send + Sync {
    /// Asks for what was said after `offset`; the answer takes its time if nothing was.
    fn ask(&self, offset: i64, lookup: &Lookup<'_>) -> Result<Outgoing, String>;

    /// What was said to messages of gaia's, and the next offset.
    fn read(&self, answer: &str, offset: i64, lookup: &Lookup<'_>) -> Result<Heard, String>;

    /// Says something about what a person said.
    fn say(&self, said: &Said, text: &str, lookup: &Lookup<'_>) -> Result<Outgoing, String>;
}

/// What was heard at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) said: Vec<Said>,
    pub(super) next: i64,
}

/// What a person said to a message of gaia's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// What the other side calls the message of gaia's.
    pub(super) to: String,
    /// What it calls this one.
    pub(super) id: String,
    /// Who.
    pub(super) by: String,
    /// Their words.
    pub(super) text: String,
}

/// A text no longer than `most` characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
