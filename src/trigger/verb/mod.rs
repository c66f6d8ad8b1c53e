//! What can be asked of the triggers. To add a verb: add a file, add it to the list.

mod common;
mod fire;
mod lint;
mod list;
mod next;
mod show;
mod switch;

crate::verbs!(super::actor::Handle =>
    list::List, show::Show, fire::Fire, switch::Enable, switch::Disable, next::Next, lint::Lint,
);
