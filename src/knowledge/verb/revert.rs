use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{At, Caller};
use crate::{
    base::{Name, Refusal},
    knowledge::actor::{Handle, Version},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia expert revert`
pub(super) struct Revert;

/// Arguments of [`Revert`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the expert
    name: Name,
    /// The version it shall say again; without it, the one before the last change
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
    /// Who wants it
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

impl Verb for Revert {
    const NAME: &'static str = "revert";
    const ABOUT: &'static str = "Make an expert say again what it said in an older version";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/experts/{name}/revert";
    type Args = Args;
    type Reply = Version;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Version, Refusal> {
        experts.revert((args.at.dir()?, &args.name), args.version, &args.caller.by()).await
    }

    fn show(version: &Version, ui: &Ui) -> String {
        format!("version {}: {}", ui.paint("1", &version.version.to_string()), version.why)
    }
}
