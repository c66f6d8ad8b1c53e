use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::{
    agent::actor::Handle,
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent attach`
pub(super) struct Attach;

/// Arguments of [`Attach`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
    /// Look, but do not type
    #[arg(long, short)]
    #[serde(default)]
    read_only: bool,
}

/// Reply of [`Attach`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    name: String,
    /// Program and arguments.
    argv: Vec<String>,
}

impl Verb for Attach {
    const NAME: &'static str = "attach";
    const ABOUT: &'static str = "Attach this terminal to the pane of an agent";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/attach";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let (task, unit) = args.target.pane(&handle)?;
        let sessions = &handle.world().sessions;
        let shown = task.last().and_then(|attempt| attempt.shown_in.clone());
        let (Some(pane), Some(session)) = (sessions.tmux_pane(&unit), shown) else {
            let message = format!("no tmux pane shows {} now", task.id);
            return Err(Refusal::new(Code::Failed, message).help("`gaia status` shows its state"));
        };
        let focused = sessions.ports().tmux.focus(&pane).await;
        focused.map_err(|e| Refusal::new(Code::Failed, e))?;
        let argv = sessions.ports().tmux.attach_argv(session.as_str(), args.read_only);
        Ok(Reply { name: task.id.to_string(), argv })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        shell_words::join(&reply.argv)
    }
}
