//! Projects from templates, and later versions of a template for the projects made from it.
//!
//! Rooms: `manifest` (what a project remembers of its template; pure).
//!
//! Invariants:
//! - A project is written whole or not at all, and so is an update of it.
//! - Nothing of a template leads out of the project that is made from it.

pub(crate) mod manifest;
