//! Scaffolding: projects out of templates.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`: the nouns; `file`: from `template.toml` (or the one-file dialect) to them
//! - `manifest`: what a project remembers of its template; `merge`: what becomes of each of its
//!   files when a later version comes
//! - `trust`: which commands may run; `remote`: templates in git repositories; `update`: a later
//!   version comes to a project
//! - `answer`: values, defaults, checks; `render`: texts; `plan`: which files there will be; `lint`:
//!   what is wrong with a template
//! - `source`, `stock`: where templates come from; `write`: whole projects, or none
//! - `handle`: the ports and what verbs share; `verb`: what can be asked
//!
//! Invariants:
//! - A project is made whole or not at all, and never outside of its folder.
//! - An answer is data: it is never rendered again, and never part of a shell text.
//! - What a stranger wrote is rendered in a child with limits.

mod answer;
mod file;
mod handle;
mod lint;
mod manifest;
mod merge;
mod model;
mod plan;
mod remote;
mod render;
mod source;
mod stock;
mod trust;
mod update;
mod verb;
mod write;

pub use handle::{Asker, Handle, Ports, Question};
pub use model::Kind;
pub use render::serve;
pub(crate) use verb::{scaffold as projects, template as templates};

/// The words after `gaia scaffold` that are verbs.
#[must_use]
pub fn verbs() -> Vec<&'static str> {
    projects::entries().into_iter().map(|entry| entry.name).collect()
}
