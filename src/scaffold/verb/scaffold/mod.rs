//! Projects. To add a verb: add a file, add it to the list.

mod make;
mod new;

crate::verbs!(crate::scaffold::Handle => new::New);
