//! What can be asked of the daemon itself. To add a verb: add a file, add it to the list.

mod handle;
mod status;
mod stop;

pub(super) use handle::Handle;

crate::verbs!(Handle => status::Status, stop::Stop);
