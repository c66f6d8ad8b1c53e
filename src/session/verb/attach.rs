use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    session::{actor::Handle, verb::common},
    verb::{Method, Ui, Verb},
};

/// `gaia session attach-line`
pub(super) struct Attach;

/// Arguments of [`Attach`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session; the only one there is if it is left out
    name: Option<String>,
    /// Look, but do not type
    #[arg(long)]
    #[serde(default)]
    read_only: bool,
}

/// Reply of [`Attach`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The session.
    session: String,
    /// Program and arguments.
    argv: Vec<String>,
}

impl Verb for Attach {
    const NAME: &'static str = "attach-line";
    const ABOUT: &'static str = "Print the command line that attaches a terminal to a session";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/attach";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let session = common::named(&sessions.view(), args.name.as_deref())?;
        let argv = sessions.ports().tmux.attach_argv(&session, args.read_only);
        Ok(Reply { session, argv })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        shell_words::join(&reply.argv)
    }
}
