//! From a template and answers to the files of a project.
//!
//! Pure. `press`: texts parsed once; `filters`: what they may call; `desk`: all texts of a template.
//! Everything is rendered in memory, within limits, before anything is written; what a text names
//! and nobody gave is a fault, never nothing.

mod desk;
mod filters;
mod press;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

use super::{
    answer::{Asking, Next, Settled, settle},
    file,
    model::{Book, Given, Leaf, Made, Mode, Pack, Rendered},
    plan::{Planned, plan},
};
use crate::{base::ConfigError, define::Faults};

pub(crate) use desk::{Desk, is_rendered, part_key, rule_key};
pub(crate) use press::{MAX_FILE, Scope};
pub use wire::serve;
pub(crate) use wire::{Step, read as read_answer, step, wish};

/// Bytes that one project may have.
pub(crate) const MAX_PROJECT: usize = 256 << 20;

/// A template ready to be rendered.
pub(crate) struct Open<'a> {
    pub(crate) book: Book<'a>,
    pub(crate) desk: Desk,
}

/// Reads and parses a template with all it extends.
pub(crate) fn open(pack: &Pack) -> Result<Open<'_>, Faults> {
    let book = file::read(pack)?;
    let desk = Desk::new(&book)?;
    Ok(Open { book, desk })
}

impl Open<'_> {
    /// How far the answers are.
    pub(crate) fn settle(&self, given: &Given, asking: Asking) -> Result<Next, Faults> {
        settle(&self.book, &self.desk, (given, asking))
    }

    /// Renders everything with answers that are complete.
    pub(crate) fn finish(&self, settled: Settled) -> Result<Rendered, Faults> {
        let planned = plan(&self.book, &self.desk, &settled)?;
        let (mut made, mut faults, mut total) = (Vec::with_capacity(planned.len()), vec![], 0);
        for one in planned {
            match self.make(one, &settled) {
                Ok(one) => {
                    total += one.bytes.len();
                    made.push(one);
                }
                Err(more) => faults.extend(more),
            }
            if total > MAX_PROJECT {
                let what = format!("this makes more than {} MiB", MAX_PROJECT >> 20);
                return Err(vec![ConfigError::new(&self.book.template.name, "", 0..0, what)]);
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let hooks = self.book.template.hooks.clone();
        Ok(Rendered { made, answers: settled.answers, secrets: settled.secrets, hooks })
    }

    fn make(&self, planned: Planned, settled: &Settled) -> Result<Made, Faults> {
        let Planned { path, from, item } = planned;
        let Some((from, leaf)) = from.and_then(|from| self.book.files.get_key_value(&from)) else {
            return Ok(Made { path, bytes: vec![], mode: Mode::Folder });
        };
        let own = item.map(|item| settled.scope.with("item", &item));
        let scope = own.as_ref().unwrap_or(&settled.scope);
        let bytes = self.desk.file(&self.book, (from, leaf), scope)?;
        Ok(Made { path, bytes, mode: leaf.mode })
    }
}

/// Renders a template with all it extends; nobody is asked.
pub(crate) fn render(pack: &Pack, given: &Given) -> Result<Rendered, Faults> {
    let open = open(pack)?;
    match open.settle(given, Asking::Never)? {
        Next::Settled(settled) => open.finish(*settled),
        Next::Ask(asked) => {
            let what = format!("`{}` has no answer", asked.name);
            Err(vec![ConfigError::new(&open.book.template.name, "", 0..0, what)])
        }
    }
}
