use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common;
use crate::{
    base::{Name, Refusal},
    inbox::{actor::Handle, model::Item},
    verb::{Follow, Method, Ui, Verb, table},
};

/// `gaia inbox list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Show also what is closed
    #[arg(long, short)]
    #[serde(default)]
    all: bool,
    /// Only what belongs to this workspace
    #[arg(long, short)]
    workspace: Option<Name>,
    /// Go on printing what is raised and closed
    #[arg(long, short)]
    #[serde(default)]
    follow: bool,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List what waits for you: questions, permissions, approvals …";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/inbox";
    type Args = Args;
    type Reply = Vec<Item>;
    type Ctx = Handle;

    fn follow(args: &Args) -> Option<Follow> {
        let show = |item: &serde_json::Value, ui: &Ui| {
            let item = serde_json::from_value(item.clone());
            item.map_or_else(|e| e.to_string(), |item: Item| line(&item, ui))
        };
        let path = crate::verb::route("/v1/inbox/stream", args);
        args.follow.then_some(Follow { path, show, raw: false })
    }

    async fn run(inbox: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let view = inbox.view();
        let here = |item: &Item| args.workspace.is_none() || item.workspace == args.workspace;
        let wanted = view.items.values().filter(|item| (args.all || item.is_open()) && here(item));
        Ok(wanted.map(|item| Item::clone(item)).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.is_empty() {
            return "nothing waits for you".to_owned();
        }
        let row = |item: &Item| {
            let expires = item.expires.map_or_else(String::new, |at| at.show());
            let (kind, from) = (item.kind.word().to_owned(), common::origin(item));
            let state = if item.is_open() { expires } else { common::state(item, ui) };
            vec![ui.paint("1", item.id.as_str()), kind, from, short(&item.title), state]
        };
        table(ui, &["ID", "KIND", "FROM", "TITLE", "UNTIL"], reply.iter().map(row).collect())
    }
}

fn short(title: &str) -> String {
    let cut: String = title.chars().take(72).collect();
    if cut.len() < title.len() { format!("{cut}…") } else { cut }
}

fn line(item: &Item, ui: &Ui) -> String {
    let (kind, state) = (item.kind.word(), common::state(item, ui));
    format!("{}  {kind}  {}  {state}", ui.paint("1", item.id.as_str()), short(&item.title))
}
