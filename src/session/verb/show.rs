use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    session::{
        actor::Handle,
        target,
        verb::common,
        view::{SessionView, View},
    },
    verb::{Method, Ui, Verb},
};

/// `gaia session show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session to show
    name: String,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show one session: its windows, panes, states and exits";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/sessions/{name}";
    type Args = Args;
    type Reply = SessionView;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        target::session(&sessions.view(), &args.name).cloned()
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        common::pane_table(&View { sessions: vec![reply.clone()] }, ui)
    }
}
