use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, machine::Input, verb::common, view::RunView},
};

/// `gaia run pause`
pub(crate) struct Pause;

/// Arguments of [`Pause`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
}

impl Verb for Pause {
    const NAME: &'static str = "pause";
    const ABOUT: &'static str = "Begin nothing new in a run; what runs goes on";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/runs/{id}/pause";
    type Args = Args;
    type Reply = RunView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<RunView, Refusal> {
        let id = handle.find(&args.id).await?;
        handle.tell(&id, Input::Pause(true)).await?;
        handle.show(&id).await
    }

    fn show(reply: &RunView, ui: &Ui) -> String {
        common::show_run(reply, ui)
    }
}
