//! The templates inside the binary: the top-level folder `templates/`.

use crate::{
    base::{Item, Mode},
    scaffold::model::Tree,
};

/// Name, and for each file its path, what it is, and its bytes.
type Builtin = (&'static str, &'static [(&'static str, u8, &'static [u8])]);

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Names of all.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}

/// The files of one.
pub(super) fn tree(name: &str) -> Option<Tree> {
    let (name, files) = BUILTIN.iter().find(|(known, _)| *known == name)?;
    let item = |(path, kind, bytes): &(&str, u8, &[u8])| Item {
        path: (*path).to_owned(),
        bytes: bytes.to_vec(),
        mode: match kind {
            1 => Mode::Exec,
            2 => Mode::Link,
            _ => Mode::Plain,
        },
    };
    Some(Tree::of(name, files.iter().map(item).collect()))
}
