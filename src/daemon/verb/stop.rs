use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Handle;
use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
};

/// `gaia daemon stop`
pub(super) struct Stop;

/// Arguments of [`Stop`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {}

/// Reply of [`Stop`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Process that ends.
    pid: i32,
}

impl Verb for Stop {
    const NAME: &'static str = "stop";
    const ABOUT: &'static str = "End the daemon; panes and their programs go on";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/daemon/stop";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(daemon: Handle, Args {}: Args) -> Result<Reply, Refusal> {
        daemon.end();
        Ok(Reply { pid: std::process::id() as i32 })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        format!("the daemon (pid {}) ends; panes and their programs go on", reply.pid)
    }
}
