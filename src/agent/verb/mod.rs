//! What can be asked of agents and tasks. To add a verb: add a file, add it to a list.

mod common;
mod seen;

pub(crate) mod agent;
pub(crate) mod own;
pub(crate) mod task;
