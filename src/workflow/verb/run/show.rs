use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, verb::common, view::RunView},
};

/// `gaia run show`
pub(crate) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "A run with its steps";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs/{id}";
    type Args = Args;
    type Reply = RunView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<RunView, Refusal> {
        let id = handle.find(&args.id).await?;
        handle.show(&id).await
    }

    fn show(reply: &RunView, ui: &Ui) -> String {
        common::show_run(reply, ui)
    }
}
