//! What several verbs ask.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Name, Refusal},
    trigger::actor::Handle,
    verb::Here,
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
    pub(super) fn dir(&self) -> Result<&PathBuf, Refusal> {
        self.dir.as_ref().ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))
    }

    /// The workspace, whose triggers are looked after from now on as they are declared now.
    pub(super) async fn enlist(&self, handle: &Handle) -> Result<Name, Refusal> {
        handle.enlist(self.dir()?).await
    }
}
