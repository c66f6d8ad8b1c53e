use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::{actor::Handle, file},
};

/// `gaia workflow schema`
pub(crate) struct Schema;

/// Arguments of [`Schema`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {}

impl Verb for Schema {
    const NAME: &'static str = "schema";
    const ABOUT: &'static str = "JSON Schema of a workflow file, for editors";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/workflows/schema";
    type Args = Args;
    type Reply = serde_json::Value;
    type Ctx = Handle;

    async fn run(_: Handle, _: Args) -> Result<serde_json::Value, Refusal> {
        Ok(file::json_schema())
    }

    fn show(reply: &serde_json::Value, _: &Ui) -> String {
        serde_json::to_string_pretty(reply).unwrap_or_default()
    }
}
