use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    session::{
        actor::Handle,
        verb::{
            add::{self, New},
            common::OpenedReply,
        },
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia session add-window`
pub(super) struct AddWindow;

/// Arguments of [`AddWindow`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session
    target: String,
    /// What is added
    #[command(flatten)]
    #[serde(flatten)]
    new: New,
}

impl Verb for AddWindow {
    const NAME: &'static str = "add-window";
    const ABOUT: &'static str = "Add a window to a session";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/sessions/{target}/windows";
    type Args = Args;
    type Reply = OpenedReply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.new.prepare(here);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        add::window(&sessions, &args.target, args.new).await
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.show(ui)
    }
}
