//! What can be asked of sessions. To add a verb: add a file, add it to the list.

mod add;
mod add_pane;
mod add_window;
mod attach;
mod capture;
mod common;
mod import_from;
mod kill;
mod layouts;
mod list;
pub(super) mod logs;

mod new;
mod prune;
mod rename;
mod replay;
mod restart;
mod restore;
mod save;
mod screens;
mod send;
mod show;

pub(crate) use common::{Caller, open, pane_table};

crate::verbs!(super::actor::Handle =>
    new::New, list::List, show::Show, layouts::Layouts, rename::Rename, kill::Kill,
    add_window::AddWindow, add_pane::AddPane, send::Send, capture::Capture, screens::Screens, logs::Logs,
    restart::Restart, restore::Restore, attach::Attach,
    import_from::Import, save::Save, prune::Prune, replay::Replay,
);
