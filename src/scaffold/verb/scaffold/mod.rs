//! Projects. To add a verb: add a file, add it to the list.

mod check;
mod diff;
mod make;
mod new;
mod update;
mod validate;

crate::verbs!(crate::scaffold::Handle =>
    new::New, update::Update, diff::Diff, check::Check, validate::Validate,
);
