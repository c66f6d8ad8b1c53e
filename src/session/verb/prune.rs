use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, duration},
    session::actor::{Handle, Pruned, prune},
    verb::{Method, Ui, Verb},
};

/// `gaia session prune`
pub(super) struct Prune;

/// Arguments of [`Prune`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// How long a session must have been idle
    #[arg(long, default_value = "24h")]
    idle: String,
    /// Only say which would be ended
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
}

/// Reply of [`Prune`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Sessions that have ended (or would).
    ended: Vec<String>,
    /// Sessions that stay, each with the reason.
    kept: Vec<String>,
    /// Whether it was only asked.
    dry_run: bool,
}

impl Verb for Prune {
    const NAME: &'static str = "prune";
    const ABOUT: &'static str = "End sessions that nobody looks at and in which nothing works";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/prune";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Some(idle) = duration(&args.idle) else {
            return Err(Refusal::new(Code::Invalid, format!("`{}` is no span of time", args.idle))
                .help("write it like 30m, 24h or 7d"));
        };
        let Pruned { ended, kept } = prune(&sessions, idle, args.dry_run).await?;
        Ok(Reply { ended, kept, dry_run: args.dry_run })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        let word = if reply.dry_run { "would end" } else { "has ended" };
        let ended = reply.ended.iter().map(|name| format!("{name} {word}"));
        let kept = reply.kept.iter().map(|why| format!("kept {why}"));
        let lines: Vec<String> = ended.chain(kept).collect();
        if lines.is_empty() { "there is no session".to_owned() } else { lines.join("\n") }
    }
}
