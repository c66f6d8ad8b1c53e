//! What can be asked of experts. To add a verb: add a file, add it to the list.

mod choose;
mod common;
mod diff;
mod history;
mod learn;
mod lint;
mod list;
mod new;
mod revert;
mod show;

crate::verbs!(super::actor::Handle =>
    list::List, show::Show, new::Fresh, lint::Lint, choose::Choose,
    learn::Learn, history::History, diff::Diff, revert::Revert,
);
