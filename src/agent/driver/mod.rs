//! What gaia knows about each make of coding agent, as data.
//!
//! Pure. A driver is a file (`drivers/<make>.toml`, built in, or one of the same form on disk).
//! From the quiet rooms to the loud ones:
//! - `model`: what a driver file says, as types
//! - `load`: reads and checks such a file, all faults with their places; `builtin`: the ones here
//! - `detect`: which version is installed, and whether it is one that was tested
//! - `ask`, `fill`, `job`, `launch`: what is needed to start one attempt
//! - `wiring`: the settings files that join a program to gaia's hooks and tools
//! - `hook`: what the hooks of the programs say, in one language, and the answers in theirs
//! - `output`: what a headless run printed, and how it ended
//! - `transcript`: what a program in a pane has used
//!
//! Invariants:
//! - How a run ended is told by its exit code, its final record and whether there was one; never
//!   by one of them alone.
//! - A file that a launch writes lies in the agent's own home or its private temp folder.

mod ask;
mod builtin;
mod detect;
mod fill;
pub mod hook;
mod job;
mod launch;
mod load;
mod manner;
mod model;
mod output;
#[cfg(test)]
mod tests;
pub mod transcript;
mod wiring;

pub use ask::{Launch, LaunchAsk, Mode, Permission, PromptWay};
pub use builtin::{BUILTIN, builtin};
pub use detect::{Found, Known};
pub use model::{Driver, Keys, Stop, Wire};
pub use output::{Class, Outcome, Reader, Sign, Tokens};
