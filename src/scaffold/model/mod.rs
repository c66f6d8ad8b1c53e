//! The nouns of scaffolding: what a template is, what it is given, what it makes.
//!
//! Pure. `template`: a template as its file says it; `tree`: the files of one, as they lie there;
//! `made`: answers in, files out; `words`: texts that know their place.

mod made;
mod template;
mod tree;
mod words;

pub(crate) use crate::base::Mode;
pub(crate) use made::{Answers, Book, Given, Leaf, Made, Rendered};
pub use template::Kind;
pub(crate) use template::{
    Choice, Computed, Delims, Hooks, Migration, Preset, Question, Rule, Template, Trial,
};
pub(crate) use tree::{Origin, Pack, Tree, TreeFile};
pub(crate) use words::{Sheet, Words};
