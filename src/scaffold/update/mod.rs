//! A later version of a template comes to a project that was changed meanwhile.
//!
//! Rooms: `scan` (the three sides, as they are), `base` (the texts as generated, wherever they still
//! are), `weave` (from decisions to contents), `journal` (what is to be done to the project; pure),
//! `stage` (laying it ready), `apply` (doing it, also after a crash), `copy` (where commands run),
//! `shop` (what is asked of templates), `run` (all of it), `state` (what the person changed).
//!
//! Invariants:
//! - Everything is prepared in `.gaia/update` before the first file of the project is touched. Once
//!   the journal is there the update is finished, by whoever comes next; before, it never was.
//! - What the person wrote and git does not hold is kept in `.gaia/before` before it changes.
//! - Nothing runs that was not allowed, and nothing runs in the project itself: commands work on a
//!   copy, whose changes become part of the update.

mod apply;
mod base;
mod copy;
mod journal;
mod report;
mod run;
mod scan;
mod shop;
mod stage;
mod state;
#[cfg(test)]
mod tests;
mod weave;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

pub(crate) use report::Updated;
pub(crate) use run::{Wish, enter, update};
pub(crate) use scan::read_manifest;
pub(crate) use shop::{Loaded, Shop};
pub(crate) use state::{State, changes, state};

use crate::{
    base::{Code, Refusal},
    port::{Beneath, Files, Past, ProbeError, Prober, Run},
};

/// Where everything of an update is prepared.
const STAGE: &str = ".gaia/update";
/// What was there before, where git does not have it.
const BEFORE: &str = ".gaia/before";
/// Texts as generated, of files that the person changed and git does not have.
const BASE: &str = ".gaia/base";

/// What an update asks of the world.
#[derive(Clone)]
pub(crate) struct Ports {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) beneath: Arc<dyn Beneath>,
    pub(crate) past: Arc<dyn Past>,
    pub(crate) prober: Arc<dyn Prober>,
    pub(crate) shop: Arc<dyn Shop>,
    /// The caller's environment.
    pub(crate) env: BTreeMap<String, String>,
}

/// A fault of the world.
fn failed(what: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::Failed, what)
}

/// Runs a command of a template in a folder; what it printed. One that fails, or that does not end,
/// is a fault.
pub(crate) async fn command(
    ports: &Ports,
    folder: &Path,
    argv: &[String],
    timeout: Duration,
) -> Result<String, Refusal> {
    let env = crate::scaffold::trust::ENV
        .iter()
        .filter_map(|name| Some(((*name).into(), ports.env.get(*name)?.clone())));
    let (argv, cwd) = (argv.to_vec(), folder.to_owned());
    let shown = argv.iter().map(|word| shell_words::quote(word).into_owned());
    let shown = shown.collect::<Vec<_>>().join(" ");
    let run = Run { argv, env: env.collect(), cwd, user: None, timeout };
    let help = "nothing was changed; correct the template, or what it needs on this machine";
    let ran = ports.prober.run(&run).await.map_err(|error| match error {
        ProbeError::Bad(why) | ProbeError::Unasked(why) => {
            failed(format!("the template's command `{shown}` did not run: {why}")).help(help)
        }
    })?;
    if ran.code != 0 {
        let what = format!("the template's command `{shown}` ended with {}:", ran.code);
        return Err(failed(format!("{what}\n{}", ran.output.trim_end())).help(help));
    }
    Ok(format!("$ {shown}\n{}", ran.output).trim_end().to_owned())
}

/// The difference of two texts, as `diff -u` writes it.
fn unified((old, a): (&str, &[u8]), (new, b): (&str, &[u8])) -> String {
    if a == b && old == new {
        return String::new();
    }
    if crate::scaffold::merge::is_binary(a) || crate::scaffold::merge::is_binary(b) {
        return format!("Binary files {old} and {new} differ\n");
    }
    let (a, b) = (String::from_utf8_lossy(a), String::from_utf8_lossy(b));
    if a == b {
        return format!("rename from {old}\nrename to {new}\n");
    }
    let diff = similar::TextDiff::from_lines(a.as_ref(), b.as_ref());
    diff.unified_diff().header(old, new).to_string()
}
