use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, machine::Input, verb::common, view::RunView},
};

/// `gaia run cancel`
pub(crate) struct Cancel;

/// Arguments of [`Cancel`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
    /// Return when nothing of it runs
    #[arg(long)]
    #[serde(default)]
    wait: bool,
}

impl Verb for Cancel {
    const NAME: &'static str = "cancel";
    const ABOUT: &'static str =
        "End a run: nothing of it runs on but the steps at its end; asked twice, not even these";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/runs/{id}/cancel";
    type Args = Args;
    type Reply = RunView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<RunView, Refusal> {
        let id = handle.find(&args.id).await?;
        handle.tell(&id, Input::Cancel("a person".to_owned())).await?;
        if args.wait {
            handle.wait(&id).await?;
        }
        handle.show(&id).await
    }

    fn show(reply: &RunView, ui: &Ui) -> String {
        common::show_run(reply, ui)
    }
}
