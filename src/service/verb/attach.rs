use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set};
use crate::{
    base::{Code, Refusal},
    service::actor::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service attach`
pub(super) struct Attach;

/// Arguments of [`Attach`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Look, but do not type
    #[arg(long, short)]
    #[serde(default)]
    read_only: bool,
}

/// Reply of [`Attach`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The service.
    name: String,
    /// Program and arguments.
    argv: Vec<String>,
}

impl Verb for Attach {
    const NAME: &'static str = "attach";
    const ABOUT: &'static str = "Attach this terminal to the pane of a service";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/attach";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let service = common::one(&handle, &args.set)?;
        let sessions = handle.sessions();
        let pane = service.unit.as_ref().and_then(|unit| sessions.tmux_pane(unit));
        let Some(pane) = pane else {
            let message = format!("no pane shows `{}` now", service.name);
            return Err(Refusal::new(Code::Failed, message).help("start it first"));
        };
        let focused = sessions.ports().tmux.focus(&pane).await;
        focused.map_err(|e| Refusal::new(Code::Failed, e))?;
        let argv = sessions.ports().tmux.attach_argv(&service.workspace, args.read_only);
        Ok(Reply { name: service.name.clone(), argv })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        shell_words::join(&reply.argv)
    }
}
