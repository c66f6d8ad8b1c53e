use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Name, Refusal},
    session::actor::Handle,
    verb::{Method, Ui, Verb},
};

/// `gaia session rename`
pub(super) struct Rename;

/// Arguments of [`Rename`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session to rename
    name: Name,
    /// Its new name
    to: Name,
}

/// Reply of [`Rename`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Its old name.
    from: Name,
    /// Its new name.
    to: Name,
}

impl Verb for Rename {
    const NAME: &'static str = "rename";
    const ABOUT: &'static str = "Give a session another name";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/sessions/{name}/rename";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Args { name: from, to } = args;
        sessions.rename(from.clone(), to.clone()).await?;
        Ok(Reply { from, to })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        format!("{} is now {}", reply.from, reply.to)
    }
}
