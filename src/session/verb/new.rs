use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use crate::{
    base::{Code, Name, Refusal},
    session::{
        actor::{Handle, OpenRequest},
        file::shell_window,
        model::Declared,
        record::Origin,
        verb::common::{self, Caller, OpenedReply},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia session new`
pub(super) struct New;

/// Arguments of [`New`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the session
    name: Name,
    /// Layout to open; see `gaia session layouts`
    #[arg(long)]
    layout: Option<String>,
    /// Working folder
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

impl Verb for New {
    const NAME: &'static str = "new";
    const ABOUT: &'static str = "Open a session from a ready-made layout, or with one shell";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/sessions";
    type Args = Args;
    type Reply = OpenedReply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        common::absolute(&mut args.dir, here);
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Args { name, layout, dir, caller } = args;
        let dir = dir.ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))?;
        if !sessions.ports().files.is_dir(&dir) {
            let message = format!("the folder {} does not exist", dir.display());
            return Err(Refusal::new(Code::Invalid, message).help("make it first"));
        }
        let (declared, origin) = match layout {
            Some(layout) => {
                let declared =
                    common::finder(&sessions, &caller.env).laid_out(&layout, &dir, &name)?;
                (declared, Origin::Layout(layout))
            }
            None => {
                let windows = vec![shell_window(Name::near("main", "main"), dir.clone())];
                (Declared { name, dir, windows }, Origin::Bare)
            }
        };
        let size = caller.size();
        let request = OpenRequest {
            declared,
            origin,
            env: caller.env,
            size,
            dry_run: false,
            fresh: true,
            hold: false,
            only: None,
        };
        common::open(&sessions, request).await
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.show(ui)
    }
}
