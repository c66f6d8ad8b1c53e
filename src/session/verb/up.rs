use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use crate::{
    base::{Code, Refusal},
    session::{
        actor::{Handle, OpenRequest},
        record::Origin,
        verb::common::{self, Caller, OpenedReply},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia up`
pub(super) struct Up;

/// Arguments of [`Up`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Only say what would be done
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
    /// Folder of the workspace, or one below it
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

impl Verb for Up {
    const NAME: &'static str = "up";
    const ABOUT: &'static str = "Bring the workspace of a folder to what its gaia.toml declares";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/up";
    type Args = Args;
    type Reply = OpenedReply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        common::absolute(&mut args.dir, here);
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Args { dry_run, dir, caller } = args;
        let dir = dir.ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))?;
        let finder = common::finder(&sessions, &caller.env);
        let workspace = finder.workspace(&dir)?;
        let declared = finder.declared(&workspace)?;
        let (origin, size) = (Origin::Workspace, caller.size());
        let request = OpenRequest {
            declared,
            origin,
            env: caller.env,
            size,
            dry_run,
            fresh: false,
            hold: false,
        };
        common::open(&sessions, request).await
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.show(ui)
    }
}
