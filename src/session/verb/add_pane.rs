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

/// `gaia session add-pane`
pub(super) struct AddPane;

/// Arguments of [`AddPane`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Session, or window of it
    target: String,
    /// What is added
    #[command(flatten)]
    #[serde(flatten)]
    new: New,
}

impl Verb for AddPane {
    const NAME: &'static str = "add-pane";
    const ABOUT: &'static str = "Add a pane to a window (NAME or NAME:WINDOW)";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/sessions/{target}/panes";
    type Args = Args;
    type Reply = OpenedReply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.new.prepare(here);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        add::pane_to(&sessions, &args.target, args.new).await
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.show(ui)
    }
}
