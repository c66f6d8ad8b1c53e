//! `gaia approve` and `gaia deny`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Caller};
use crate::{
    base::Refusal,
    inbox::{
        actor::Handle,
        model::{Answer, Item},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia approve`
pub(super) struct Approve;

/// `gaia deny`
pub(super) struct Deny;

/// Arguments of both.
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Id of the item, or enough of its beginning or end
    id: String,
    /// Why
    #[arg(long, short)]
    reason: Option<String>,
    /// Who answers
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

async fn give(inbox: Handle, args: Args, allow: bool) -> Result<Item, Refusal> {
    let id = inbox.view().find(&args.id)?.id.clone();
    let answer = Answer::verdict(allow, args.reason);
    inbox.answer(&id, answer, args.caller.who()).await.map(|item| Item::clone(&item))
}

impl Verb for Approve {
    const NAME: &'static str = "approve";
    const ABOUT: &'static str = "Say yes to a permission, an approval or another item of the inbox";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/inbox/{id}/approve";
    type Args = Args;
    type Reply = Item;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(inbox: Handle, args: Args) -> Result<Item, Refusal> {
        give(inbox, args, true).await
    }

    fn show(item: &Item, ui: &Ui) -> String {
        format!("{} is {}", item.id, common::state(item, ui))
    }
}

impl Verb for Deny {
    const NAME: &'static str = "deny";
    const ABOUT: &'static str = "Say no to a permission, an approval or another item of the inbox";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/inbox/{id}/deny";
    type Args = Args;
    type Reply = Item;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.caller.prepare(here);
        Ok(())
    }

    async fn run(inbox: Handle, args: Args) -> Result<Item, Refusal> {
        give(inbox, args, false).await
    }

    fn show(item: &Item, ui: &Ui) -> String {
        format!("{} is {}", item.id, common::state(item, ui))
    }
}
