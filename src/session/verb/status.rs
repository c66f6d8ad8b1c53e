use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    session::{actor::Handle, verb::common, view::View},
    verb::{Method, Ui, Verb},
};

/// `gaia status`
pub(super) struct Status;

/// Arguments of [`Status`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {}

impl Verb for Status {
    const NAME: &'static str = "status";
    const ABOUT: &'static str = "Show every pane of every session and how it is";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/status";
    type Args = Args;
    type Reply = View;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Args {} = args;
        Ok(View::clone(&sessions.view()))
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.sessions.is_empty() {
            return "no session: `gaia up` in a folder with a gaia.toml, or `gaia session new`"
                .to_owned();
        }
        common::pane_table(reply, ui)
    }
}
