//! The words every room may speak: identifiers, moments, facts, refusals, the shapes that the
//! daemon and the pane shim share.
//!
//! Invariant: nothing here does I/O, reads a clock, or imports another gaia module.

mod fact;
mod fault;
pub mod fence;
mod health;
mod home;
mod id;
mod moment;
mod name;
mod outgoing;
mod proc;
mod refusal;
pub mod step;
mod tree;
pub mod unit;
mod unitlog;
pub mod wire;
mod words;

pub use fact::{Envelope, Fact, UnreadableFact};
pub use fault::{ConfigError, faults_refusal, nearest};
pub use health::Health;
pub use home::{Home, MAX_SOCKET_PATH};
pub use id::{BadId, ItemId, ProposalId, RunId, UnitId};
pub use moment::Moment;
pub use name::{BadName, Name};
pub use outgoing::{HttpPost, Mail, MailTls, NotSent, Outgoing};
pub use proc::{SHELLS, Stat, no_new_privs};
pub use refusal::{Code, Refusal};
pub use tree::{Item, Mode};
pub use unitlog::{Mark, MarkKind, SegmentName};
pub use words::{SIGNALS, duration, moment_before, plain, signal, size};
