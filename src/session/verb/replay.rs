use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, UnitId},
    session::{actor::Handle, verb::logs},
    verb::{Follow, Method, Ui, Verb},
};

/// `gaia session replay`
pub(super) struct Replay;

/// Arguments of [`Replay`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Pane: SESSION, SESSION:WINDOW, SESSION:WINDOW.PANE, or its id
    target: String,
    /// How many times faster
    #[arg(long, default_value_t = 1.0)]
    #[serde(default)]
    speed: f64,
    /// Write an asciicast v2 file instead, for any player of that format
    #[arg(long, value_name = "FILE")]
    export: Option<std::path::PathBuf>,
}

/// Reply of [`Replay`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The pane.
    id: UnitId,
    /// Bytes of its output that are kept.
    bytes: u64,
}

impl Verb for Replay {
    const NAME: &'static str = "replay";
    const ABOUT: &'static str = "Play again what a pane showed, as fast as it was or faster";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/panes/{target}/recording";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn follow(args: &Args) -> Option<Follow> {
        let target = serde_json::json!({ "target": args.target });
        let path = crate::verb::route("/v1/panes/{target}/recording/stream", &target);
        Some(Follow { path, show: |item, _| item.to_string(), raw: false })
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let id = logs::unit(&sessions, &args.target)?;
        let span = sessions.ports().units.output(&id, 0, 0).await;
        let span = span.map_err(|e| Refusal::new(Code::Failed, e))?;
        Ok(Reply { bytes: span.end - span.from, id })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        format!("{} has {} bytes to play", reply.id, reply.bytes)
    }
}
