//! What can be asked of the meter. To add a verb: add a file, add it to the list.

mod cost;
mod rows;

/// The verbs that stand at the top of the command line.
pub(crate) mod top {
    crate::verbs!(crate::ledger::Handle => super::cost::Cost);
}
