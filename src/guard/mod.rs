//! What an agent may touch, and the verdicts on what it wants to run and what it wants to land.
//!
//! Rooms, all of them pure:
//! - `model`: the fence as it holds, with its defaults
//! - `file`: the fence as people write it, `[fence]` or `[agents.NAME.fence]`
//! - `globs`, `rule`: patterns of paths and of commands
//! - `shell`: a command line as the words that a shell would run
//! - `wrap`: programs that run other programs
//! - `command`: the verdict on a command, as a line or as words
//! - `manifest`: the dependencies that a manifest names
//! - `landing`: the verdict on a diff
//!
//! Invariants:
//! - No text makes it fail; a line that it cannot read is judged by the words in it.
//! - A command that is denied is denied however it is wrapped in words of the same line.
//! - Only the kernel's fence keeps a determined program in: a verdict is a second door, not a wall.

mod command;
mod file;
mod globs;
mod landing;
mod manifest;
mod model;
mod rule;
mod shell;
mod wrap;

pub use command::{Verdict, judge, judge_argv};
pub(crate) use file::RawFence;
pub use globs::Globs;
pub use landing::{Change, Kind, Violation, check};
pub use manifest::is_manifest;
pub use model::{Commit, Dependencies, Fence, Network, OnViolation, WithoutKernel};
pub use rule::{Rule, Rules};
