//! `.gaia/scaffold.toml`: what a project remembers of the template it was made from.
//!
//! Rooms: `hash` (names of contents), `read` (the file, with the places of its faults, since people
//! edit it), `write` (the file, in a stable order).
//!
//! Invariants:
//! - What is written is read back as it was.
//! - A path in it never leads out of the project, nor into `.git` or `.gaia`.

mod hash;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;

use super::model::{Answers, Mode, Rendered};

pub(crate) use hash::{blob, sha256};
pub(crate) use read::{path_fault, read};

/// Where it lies in a project.
pub(crate) const PLACE: &str = ".gaia/scaffold.toml";

/// The format that is written.
pub(crate) const FORMAT: i64 = 1;

/// What a project remembers of its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The template, exactly.
    pub(crate) template: Source,
    /// The answers in the order of asking; no secrets and nothing computed.
    pub(crate) answers: Answers,
    /// Every file of the template by its path in the project, as it was generated. One that is gone
    /// from the project was deleted by the person, and stays so.
    pub(crate) files: BTreeMap<String, Stamp>,
}

/// Which template, and which state of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its name.
    pub(crate) name: String,
    /// `built in`, an absolute path, or the URL of a git repository.
    pub(crate) source: String,
    /// Its version.
    pub(crate) version: String,
    /// The tag or branch that was asked for, of a git repository.
    pub(crate) reference: Option<String>,
    /// The commit that it stood for.
    pub(crate) commit: Option<String>,
    /// Name of the folder that the project was made in, since the template may have used it.
    pub(crate) target: Option<String>,
    /// The year it was made in, for the same reason.
    pub(crate) year: Option<i16>,
    /// SHA-256 of the template's tree.
    pub(crate) hash: String,
}

/// A file as it was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// SHA-256 of its bytes, in hex; of its target if it is a link.
    pub(crate) sha256: String,
    /// The name that git has for these bytes, by which the text is found in the project's history.
    pub(crate) blob: String,
    /// What it is.
    pub(crate) mode: Mode,
    /// Where it is now, if the person has moved it.
    pub(crate) at: Option<String>,
}

impl Manifest {
    /// What is remembered of a project that was just made. Empty folders are not.
    #[must_use]
    pub(crate) fn of(template: Source, rendered: &Rendered) -> Self {
        let kept = |(name, _): &(&String, _)| !rendered.secrets.contains(*name);
        let answers = rendered.answers.iter().filter(kept);
        let files = rendered.made.iter().filter(|made| made.mode != Mode::Folder);
        Self {
            template,
            answers: answers.map(|(name, value)| (name.clone(), value.clone())).collect(),
            files: files.map(|f| (f.path.clone(), Stamp::of(&f.bytes, f.mode))).collect(),
        }
    }
}

impl Stamp {
    /// A file of these bytes.
    #[must_use]
    pub(crate) fn of(bytes: &[u8], mode: Mode) -> Self {
        Self { sha256: sha256(bytes), blob: blob(bytes), mode, at: None }
    }

    /// Whether it is the same file: content and what it is.
    #[must_use]
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.mode == other.mode
    }
}
