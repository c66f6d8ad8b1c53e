use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Handle;
use crate::{
    adapter::process,
    base::{Moment, Refusal},
    verb::{Method, Ui, Verb},
};

/// `gaia daemon status`
pub(super) struct Status;

/// Arguments of [`Status`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {}

/// Reply of [`Status`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Process id.
    pid: u32,
    /// Which gaia it is.
    version: String,
    /// Folder it keeps everything in.
    home: String,
    /// When it started.
    started: Moment,
    /// Memory it holds, in bytes.
    memory: u64,
}

impl Verb for Status {
    const NAME: &'static str = "status";
    const ABOUT: &'static str = "Show whether the daemon runs, and which gaia it is";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/daemon";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(daemon: Handle, Args {}: Args) -> Result<Reply, Refusal> {
        let pid = std::process::id();
        Ok(Reply {
            pid,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            home: daemon.home.root().display().to_string(),
            started: daemon.started,
            memory: process::resident(pid as i32).unwrap_or(0),
        })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        let Reply { pid, version, home, memory, .. } = reply;
        let since = reply.started.show();
        let mib = memory >> 20;
        format!("gaia {version} runs as pid {pid} since {since}, {mib} MiB, home {home}")
    }
}
