//! Templates. To add a verb: add a file, add it to the list.

mod add;
mod common;
mod lint;
mod list;
mod new;
mod remove;
mod search;
mod show;
mod test;

crate::verbs!(crate::scaffold::Handle =>
    list::List, show::Show, search::Search, new::New, lint::Lint, test::Test,
    add::Add, remove::Remove,
);
