//! What can be asked of workflows and their runs.

mod common;
pub(crate) mod run;
pub(crate) mod workflow;
