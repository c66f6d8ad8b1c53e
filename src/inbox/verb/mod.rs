//! What can be asked of the inbox. To add a verb: add a file, add it to the list.

mod answer;
mod common;
mod count;
mod files;
mod list;
mod raise;
mod show;
mod verdict;
mod withdraw;

crate::verbs!(super::actor::Handle =>
    list::List, show::Show, count::Count, raise::Raise, withdraw::Withdraw, files::Files,
);

/// The verbs that stand at the top of the command line.
pub(crate) mod top {
    crate::verbs!(crate::inbox::actor::Handle =>
        super::answer::Give, super::verdict::Approve, super::verdict::Deny,
    );
}
