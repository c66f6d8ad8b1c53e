//! What can be asked of the ledger. To add a verb: add a file, add it to the list.

mod compact;
mod export;
mod show;
mod verify;

crate::verbs!(super::handle::Handle => show::Show, verify::Verify, compact::Compact);

/// The verbs that stand at the top of the command line.
pub(crate) mod top {
    crate::verbs!(crate::ledger::handle::Handle => super::export::Export);
}
