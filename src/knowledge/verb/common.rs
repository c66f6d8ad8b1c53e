//! What several verbs ask and say.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal},
    verb::{Here, Ui},
};

/// From where a verb is asked.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct At {
    /// Folder of the workspace, or one below it
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl At {
    /// Completes itself on the caller's side.
    pub(super) fn prepare(&mut self, here: &Here) {
        self.dir = Some(match &self.dir {
            Some(dir) => here.absolute(dir),
            None => here.cwd.clone(),
        });
    }

    /// The folder.
    pub(super) fn dir(&self) -> Result<&Path, Refusal> {
        let dir = self.dir.as_deref().filter(|dir| dir.is_absolute());
        dir.ok_or_else(|| {
            Refusal::new(Code::Invalid, "`dir` is missing")
                .help("name the folder of the workspace by its whole path")
        })
    }
}

/// Who asks.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Caller {
    /// Who asks
    #[arg(skip)]
    #[serde(default)]
    by: Option<String>,
}

impl Caller {
    /// Completes itself on the caller's side.
    pub(super) fn prepare(&mut self, here: &Here) {
        let name = |variable: &str| here.env.get(variable).filter(|name| !name.is_empty());
        self.by = name("USER").or_else(|| name("LOGNAME")).cloned();
    }

    /// A name without anything that a terminal takes for more than text.
    pub(super) fn by(&self) -> String {
        let name = self.by.as_deref().unwrap_or("somebody");
        name.chars().filter(|c| !c.is_control()).take(80).collect()
    }
}

/// A diff with its colours.
pub(super) fn paint(diff: &str, ui: &Ui) -> String {
    let line = |line: &str| match line.as_bytes().first() {
        Some(b'+') => ui.paint("32", line),
        Some(b'-') => ui.paint("31", line),
        Some(b'@') => ui.paint("2", line),
        _ => line.to_owned(),
    };
    diff.lines().map(line).collect::<Vec<_>>().join("\n")
}
