use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use crate::{
    base::Refusal,
    ledger::{
        chain::{Fault, Verdict},
        export::verify_lines,
        handle::Handle,
    },
    verb::{Method, Ui, Verb},
};

/// `gaia ledger verify`
pub(super) struct Verify;

/// Arguments of [`Verify`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Check the ledger in this export instead
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The text of that export
    #[arg(skip)]
    text: Option<String>,
}

impl Verb for Verify {
    const NAME: &'static str = "verify";
    const ABOUT: &'static str = "Check that no entry was changed, removed or moved";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/ledger/verify";
    type Args = Args;
    type Reply = Verdict;
    type Ctx = Handle;

    fn failed(reply: &Verdict) -> bool {
        !reply.faults.is_empty()
    }

    async fn run(ledger: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        match &args.text {
            Some(text) => Ok(verify_lines(text)),
            None => tokio::task::spawn_blocking(move || ledger.verify())
                .await
                .map_err(Refusal::broken)?,
        }
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let span = reply.span.map_or_else(String::new, |(a, b)| format!(", {a} to {b}"));
        let old = match reply.compacted {
            0 => String::new(),
            n => format!("; {n} older ones are compacted"),
        };
        if reply.faults.is_empty() {
            return format!("the ledger is good: {} entries{span}{old}", reply.entries);
        }
        let fault = |f: &Fault| ui.paint("31", &format!("entry {}: {}", f.seq, f.what));
        reply.faults.iter().map(fault).collect::<Vec<_>>().join("\n")
    }
}
