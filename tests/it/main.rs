//! Tests with the real thing: the real binary, its own tmux server, its own home.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    unreachable_pub,
    missing_docs,
    reason = "tests"
)]

mod agent;
mod contract;
mod crash;
mod daemon;
mod expert;
mod faults;
mod fence;
mod git;
mod house;
mod inbox;
mod ledger;
mod pane;
mod refusals;
mod scaffold;
mod scaffold_update;
mod service;
mod session;
mod stack;
mod steps;
mod trigger;
mod workflow;
mod workflow_shipped;
