use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::At;
use crate::{
    base::{Name, Refusal},
    knowledge::{actor::Handle, model::Expert},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia expert show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the expert
    name: Name,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// An expert and its file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Where it comes from.
    origin: String,
    /// What it knows, if its file has no faults.
    expert: Option<Expert>,
    /// Its file.
    text: String,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show what an expert knows, as its file says it";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/experts/{name}";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(experts: Handle, args: Args) -> Result<Reply, Refusal> {
        let found = experts.find(args.at.dir()?, &args.name)?;
        let origin = found.origin.show().to_owned();
        Ok(Reply { origin, expert: found.load().ok(), text: found.text() })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        format!("{}\n{}", ui.paint("2", &format!("# {}", reply.origin)), reply.text.trim_end())
    }
}
