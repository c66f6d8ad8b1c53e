//! gaia keeps a workspace of coding agents and services alive in tmux.
//!
//! A lower room never imports a higher one; `tests/architecture.rs` holds us to it.
//! From the quiet rooms to the loud ones: `base` (words), `port` (what gaia asks of the world),
//! `adapter` (the world), `pane` (the process under every tmux pane), `client` and `verb` (the
//! wire), `define` (what definitions share), the slices (`ledger`, `inbox`,
//! `session`, `service`, `knowledge`, `scaffold`, `doctor`), `daemon` (which adapter serves which port)
//! and `cli` (the face).

pub mod adapter;
pub mod agent;
pub mod base;
pub mod cli;
pub mod client;
pub mod config;
pub mod daemon;
pub mod define;
pub mod doctor;
pub mod guard;
pub mod inbox;
pub mod knowledge;
pub mod ledger;
pub mod meter;
pub mod pane;
pub mod port;
pub mod scaffold;
pub mod service;
pub mod session;
pub mod trigger;
pub mod verb;
pub mod workflow;
