use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Name, Refusal},
    inbox::actor::Handle,
    verb::{Method, Ui, Verb},
};

/// `gaia inbox count`
pub(super) struct Count;

/// Arguments of [`Count`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Only what belongs to this workspace
    #[arg(long, short)]
    workspace: Option<Name>,
}

/// How much waits.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Items that are open.
    open: usize,
    /// The same by kind.
    kinds: BTreeMap<String, usize>,
}

impl Verb for Count {
    const NAME: &'static str = "count";
    const ABOUT: &'static str = "Print how much waits for you, for a status line: `2?`, or nothing";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/inbox/count";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(inbox: Handle, args: Args) -> Result<Reply, Refusal> {
        let (view, mut kinds) = (inbox.view(), BTreeMap::new());
        for item in view.open() {
            if args.workspace.is_none() || item.workspace == args.workspace {
                *kinds.entry(item.kind.word().to_owned()).or_insert(0) += 1;
            }
        }
        Ok(Reply { open: kinds.values().sum(), kinds })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        if reply.open == 0 { String::new() } else { format!("{}?", reply.open) }
    }
}
