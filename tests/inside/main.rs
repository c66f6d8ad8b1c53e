//! The programs inside a pane, as processes, against a daemon that only says what it is told to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests"
)]

mod daemon;
mod guard;
mod hook;
mod house;
mod mcp;
mod script;
