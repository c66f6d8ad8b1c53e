use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    scaffold::{
        Handle,
        answer::Asking,
        update::{self, State},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia scaffold diff`
pub(super) struct Diff;

/// Arguments of [`Diff`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Folder of the project
    #[arg(default_value = ".")]
    path: PathBuf,
}

/// What was changed since the project was made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Changes {
    /// Which files are not as they were generated.
    state: State,
    /// The changes as a unified diff.
    diff: String,
}

impl Verb for Diff {
    const NAME: &'static str = "diff";
    const ABOUT: &'static str = "Show what was changed since a project was made";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/scaffold/diff";
    type Args = Args;
    type Reply = Changes;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.path = here.absolute(&args.path);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Changes, Refusal> {
        let ports = handle.renewal(&args.path, Asking::Never);
        let (root, _held) = update::enter(&ports, &args.path).await?;
        let (state, diff) = update::changes(&ports, &root).await?;
        Ok(Changes { state, diff })
    }

    fn show(reply: &Changes, _ui: &Ui) -> String {
        if reply.diff.is_empty() {
            return "the project is as it was made".to_owned();
        }
        reply.diff.clone()
    }
}
