use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    base::{Name, Refusal},
    session::{
        actor::Handle,
        verb::{add, common::OpenedReply},
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
    /// Name of the new pane
    #[arg(long)]
    name: Option<Name>,
    /// Working folder; that of the session if it is left out
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Program and its arguments, after `--`; a shell if there is none
    #[arg(last = true)]
    #[serde(default)]
    command: Vec<String>,
    /// Environment of the caller
    #[arg(skip)]
    #[serde(default)]
    env: BTreeMap<String, String>,
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
        args.dir = args.dir.as_ref().map(|dir| here.absolute(dir));
        args.env.clone_from(&here.env);
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Args { target, name, dir, command, env } = args;
        let new = add::New { name, dir, command, env };
        add::pane_to(&sessions, &target, new).await
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.show(ui)
    }
}
