//! `gaia run`: runs of workflows.

mod artifacts;
mod cancel;
mod follow;
mod list;
mod logs;
mod page;
mod pause;
mod rebase;
mod remove;
mod replay;
mod resume;
mod retry;
mod show;
mod start;
mod wait;

pub(crate) use logs::chosen;

use crate::workflow::actor::Handle;

crate::verbs! { Handle =>
    start::Start, list::List, show::Show, wait::Wait, follow::Follow,
    logs::Logs, cancel::Cancel, pause::Pause,
    resume::Resume, retry::Retry, rebase::Rebase, artifacts::Artifacts, replay::Replay,
    page::Page, remove::Remove,
}
