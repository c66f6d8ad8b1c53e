use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    base::Refusal,
    verb::{self, Method, Ui, Verb, escape},
    workflow::{actor::Handle, verb::common, view::RunView},
};

/// `gaia run follow`
pub(crate) struct Follow;

/// Arguments of [`Follow`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
}

impl Verb for Follow {
    const NAME: &'static str = "follow";
    const ABOUT: &'static str = "What happens in a run, as it happens, until it is over";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs/{id}/follow";
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

    fn follow(args: &Args) -> Option<verb::Follow> {
        let path = format!("/v1/runs/{}/stream", escape(&args.id));
        let show = |item: &Value, _: &Ui| {
            let lines = item["lines"].as_array().into_iter().flatten();
            let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
            if lines.is_empty() {
                format!(
                    "{} is {}",
                    item["run"].as_str().unwrap_or_default(),
                    item["state"].as_str().unwrap_or_default()
                )
            } else {
                lines.join("\n")
            }
        };
        Some(verb::Follow { path, show, raw: false })
    }
}
