use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::time::Duration;

use crate::{
    base::{Code, Refusal, duration},
    ledger::{
        chain::Checkpoint,
        {actor::Retention, handle::Handle},
    },
    verb::{Method, Ui, Verb},
};

/// `gaia ledger compact`
pub(super) struct Compact;

/// Arguments of [`Compact`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Keep at least this many of the newest entries
    #[arg(long, default_value_t = 0)]
    #[serde(default)]
    keep: u64,
    /// Remove entries older than this, e.g. `90d`
    #[arg(long)]
    older: Option<String>,
}

impl Verb for Compact {
    const NAME: &'static str = "compact";
    const ABOUT: &'static str = "Remove the oldest entries; the rest stays verifiable";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/ledger/compact";
    type Args = Args;
    type Reply = Checkpoint;
    type Ctx = Handle;

    async fn run(ledger: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let age = match args.older.as_deref() {
            None => Duration::ZERO,
            Some(text) => duration(text).ok_or_else(|| {
                Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
                    .help("write it like 36h or 90d")
            })?,
        };
        if args.keep == 0 && age.is_zero() {
            return Err(Refusal::new(Code::Invalid, "what shall be kept?")
                .help("gaia ledger compact --keep 10000, or --older 90d"));
        }
        ledger.compact(Retention { entries: args.keep, age }).await
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        format!("{} entries are compacted, up to entry {}", reply.removed, reply.seq)
    }
}
