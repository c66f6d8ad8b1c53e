use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    ledger::{
        export::lines,
        handle::{Handle, refusal},
    },
    verb::{Method, Ui, Verb},
};

/// `gaia export`
pub(super) struct Export;

/// Arguments of [`Export`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// File to write; standard output if it is left out
    file: Option<std::path::PathBuf>,
}

/// Reply of [`Export`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The lines, in order.
    lines: Vec<String>,
}

impl Verb for Export {
    const NAME: &'static str = "export";
    const ABOUT: &'static str = "Write everything the store holds as JSON lines";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/export";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(ledger: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Args { file: _ } = args;
        let lines = tokio::task::spawn_blocking(move || lines(ledger.store())).await;
        Ok(Reply { lines: lines.map_err(Refusal::broken)?.map_err(refusal)? })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        reply.lines.join("\n")
    }
}
