use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    inbox::{actor::Handle, model::Item},
    verb::{Method, Ui, Verb},
};

/// `gaia inbox withdraw`
pub(super) struct Withdraw;

/// Arguments of [`Withdraw`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Id of the item, or enough of its beginning or end
    id: String,
    /// Why nobody wants it answered any more
    #[arg(long, default_value = "it is not needed any more")]
    #[serde(default = "needless")]
    reason: String,
}

fn needless() -> String {
    "it is not needed any more".to_owned()
}

impl Verb for Withdraw {
    const NAME: &'static str = "withdraw";
    const ABOUT: &'static str = "Take an item back without an answer";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/inbox/{id}/withdraw";
    type Args = Args;
    type Reply = Item;
    type Ctx = Handle;

    async fn run(inbox: Handle, args: Args) -> Result<Item, Refusal> {
        let id = inbox.view().find(&args.id)?.id.clone();
        inbox.withdraw(&id, &args.reason).await.map(|item| Item::clone(&item))
    }

    fn show(item: &Item, _: &Ui) -> String {
        format!("{} is withdrawn", item.id)
    }
}
