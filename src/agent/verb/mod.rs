//! What can be asked of agents and tasks. To add a verb: add a file, add it to a list.

mod common;
mod seen;
mod status;

pub(crate) mod agent;
pub(crate) mod own;
pub(crate) mod task;

/// The verbs that stand at the top of the command line.
pub(crate) mod top {
    crate::verbs!(crate::agent::actor::Handle => super::status::Status);
}
