use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{actor::Handle, verb::common},
    base::Refusal,
    verb::{Method, Ui, Verb},
};

/// `gaia task discard`
pub(super) struct Discard;

/// Arguments of [`Discard`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Task
    id: String,
}

/// Reply of [`Discard`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The task.
    id: String,
    /// The ref that keeps what was nowhere else.
    rescue: Option<String>,
}

impl Verb for Discard {
    const NAME: &'static str = "discard";
    const ABOUT: &'static str =
        "Remove the worktree and branch of a task; what was nowhere else is kept under a ref";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/{id}/discard";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let id = common::task_id(&args.id)?;
        handle.task(id)?;
        let rescue = handle.discard(id).await?;
        Ok(Reply { id: id.to_string(), rescue })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        match &reply.rescue {
            Some(rescue) => format!("{} is discarded; its work is kept as {rescue}", reply.id),
            None => format!("{} is discarded", reply.id),
        }
    }
}
