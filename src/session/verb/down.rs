use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    base::{Code, Refusal},
    session::{
        actor::Handle,
        verb::{common, kill},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia down`
pub(super) struct Down;

/// Arguments of [`Down`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session to end; that of the folder if it is left out
    name: Option<String>,
    /// Folder of the workspace, or one below it
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Reply of [`Down`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The session that has ended.
    session: String,
}

impl Verb for Down {
    const NAME: &'static str = "down";
    const ABOUT: &'static str = "End the session of a workspace: its programs, then its windows";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/down";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        common::absolute(&mut args.dir, here);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let name = match (args.name, args.dir) {
            (Some(name), _) => name,
            (None, Some(dir)) => {
                let env = BTreeMap::new();
                let finder = common::finder(&sessions, &env);
                let workspace = finder.workspace(&dir)?.display().to_string();
                let view = sessions.view();
                let of = view.sessions.iter().find(|s| s.dir == workspace && s.phase.is_some());
                let nothing =
                    || Refusal::new(Code::NotFound, format!("nothing runs for {workspace}"));
                of.ok_or_else(nothing)?.name.clone()
            }
            (None, None) => return Err(Refusal::new(Code::Invalid, "which session?")),
        };
        kill::end(&sessions, &name).await?;
        Ok(Reply { session: name })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        format!("{} has ended", reply.session)
    }
}
