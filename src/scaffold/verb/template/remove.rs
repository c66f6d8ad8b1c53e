use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    scaffold::Handle,
    verb::{Method, Ui, Verb},
};

/// `gaia template remove`
pub(super) struct Remove;

/// Arguments of [`Remove`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// What it is called by
    name: String,
}

/// A template that was removed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Removed {
    /// What it was called by.
    name: String,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ABOUT: &'static str = "Forget a template that was added from a git repository";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/templates/{name}/remove";
    type Args = Args;
    type Reply = Removed;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Removed, Refusal> {
        handle.store().remove(&args.name)?;
        Ok(Removed { name: args.name })
    }

    fn show(reply: &Removed, _ui: &Ui) -> String {
        format!("{} is forgotten; projects made from it stay as they are", reply.name)
    }
}
