use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, verb::common, view::RunView},
};

/// `gaia run wait`
pub(crate) struct Wait;

/// Arguments of [`Wait`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until a run is over; exit 1 if it did not end well";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs/{id}/wait";
    type Args = Args;
    type Reply = RunView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<RunView, Refusal> {
        let id = handle.find(&args.id).await?;
        handle.wait(&id).await?;
        handle.show(&id).await
    }

    fn show(reply: &RunView, ui: &Ui) -> String {
        common::show_run(reply, ui)
    }

    fn failed(reply: &RunView) -> bool {
        reply.is_bad()
    }
}
