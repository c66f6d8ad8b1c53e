use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{At, paint};
use crate::{
    base::{Name, Refusal},
    knowledge::actor::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia expert diff`
pub(super) struct Diff;

/// Arguments of [`Diff`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the expert
    name: Name,
    /// What has changed since this version; without it, the last change
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// What differs.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Line by line; empty if nothing does.
    diff: String,
}

impl Verb for Diff {
    const NAME: &'static str = "diff";
    const ABOUT: &'static str = "Show how an expert has changed since a version, or last";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/experts/{name}/diff";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Reply, Refusal> {
        Ok(Reply { diff: experts.diff(args.at.dir()?, &args.name, args.version)? })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        match reply.diff.is_empty() {
            true => "nothing has changed".to_owned(),
            false => paint(&reply.diff, ui),
        }
    }
}
