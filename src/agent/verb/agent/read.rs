use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::{
    agent::actor::Handle,
    base::{Code, Refusal},
    port::Capture,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent read`
pub(super) struct Read;

/// Arguments of [`Read`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
    /// Lines of history above the screen
    #[arg(long, default_value_t = 0)]
    #[serde(default)]
    history: u32,
}

/// Reply of [`Read`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    id: String,
    /// What its pane shows.
    text: String,
}

impl Verb for Read {
    const NAME: &'static str = "read";
    const ABOUT: &'static str = "Print what the pane of an agent shows";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/read";
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
        let Some(pane) = sessions.tmux_pane(&unit) else {
            let message = format!("no tmux pane shows {} now", task.id);
            return Err(Refusal::new(Code::Failed, message).help("`gaia task logs` has its output"));
        };
        let how = Capture { history: args.history, ansi: false };
        let text = sessions.ports().tmux.capture(&pane, how).await;
        let text = text.map_err(|e| Refusal::new(Code::Failed, e))?;
        Ok(Reply { id: task.id.to_string(), text: String::from_utf8_lossy(&text).into_owned() })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        reply.text.trim_end().to_owned()
    }
}
