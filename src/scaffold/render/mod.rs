//! From a template and answers to the files of a project.
//!
//! Pure. Everything is rendered in memory, within limits, before anything is written.

use super::model::{Given, Pack, Rendered};
use crate::define::Faults;

/// Renders a template with all it extends.
pub(crate) fn render(pack: &Pack, given: &Given) -> Result<Rendered, Faults> {
    let _ = (pack, given);
    Err(vec![])
}
