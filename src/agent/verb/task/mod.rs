//! `gaia task`: work handed to agents.

mod add;
mod cancel;
mod diff;
mod discard;
mod land;
mod list;
mod logs;
mod pause;
mod race;
mod retry;
mod show;
mod wait;

crate::verbs!(crate::agent::actor::Handle =>
    add::Add, list::List, show::Show, logs::Logs, diff::Diff, wait::Wait, cancel::Cancel,
    retry::Retry, land::Land, discard::Discard, race::Race, pause::Pause, pause::Resume,
    pause::Drain,
);
