use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common;
use crate::{
    base::Refusal,
    inbox::{actor::Handle, model::Item},
    verb::{Method, Ui, Verb},
};

/// `gaia inbox show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Id of the item, or enough of its beginning or end
    id: String,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show one item whole, and how it was answered";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/inbox/{id}";
    type Args = Args;
    type Reply = Item;
    type Ctx = Handle;

    async fn run(inbox: Handle, args: Args) -> Result<Item, Refusal> {
        inbox.view().find(&args.id).map(|item| Item::clone(&item))
    }

    fn show(item: &Item, ui: &Ui) -> String {
        let id = &item.id;
        let mut lines = vec![format!("{}  {}", ui.paint("1", id.as_str()), item.title)];
        let raised = format!("{}, raised {}", item.kind.word(), item.raised.show());
        let parts = [common::origin(item), raised];
        lines.push(parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(", "));
        if !item.body.is_empty() {
            lines.push(format!("\n{}\n", item.body));
        }
        for (at, choice) in item.options.iter().enumerate() {
            lines.push(format!("{}. {} ({})", at + 1, choice.words, choice.id));
        }
        if let Some(at) = item.expires {
            let taken = item.on_expiry.as_ref().map(|answer| format!(": {}", answer.show()));
            lines.push(format!("until {}{}", at.show(), taken.unwrap_or_default()));
        }
        lines.push(common::state(item, ui));
        if item.is_open() {
            let hint = match item.kind.takes_text() {
                true => format!("answer with: gaia answer {id} TEXT"),
                false => format!("answer with: gaia approve {id}, or gaia deny {id} --reason TEXT"),
            };
            lines.push(hint);
        }
        lines.join("\n")
    }
}
