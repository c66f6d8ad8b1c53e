use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Caller};
use crate::{
    base::{Code, Refusal},
    inbox::{
        actor::Handle,
        machine::read_reply,
        model::{Answer, Item},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia answer`
pub(super) struct Give;

/// Arguments of [`Give`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Id of the item, or enough of its beginning or end
    id: String,
    /// The answer; without it, standard input is read
    #[arg(value_name = "TEXT")]
    #[serde(skip)]
    words: Vec<String>,
    /// The answer in words
    #[arg(skip)]
    #[serde(default)]
    text: Option<String>,
    /// Choose this option: its word, or its place counted from 1
    #[arg(long, short)]
    option: Option<String>,
    /// Who answers
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

impl Verb for Give {
    const NAME: &'static str = "answer";
    const ABOUT: &'static str = "Answer an item of the inbox";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/inbox/{id}/answer";
    type Args = Args;
    type Reply = Item;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.caller.prepare(here);
        args.text = match (args.words.is_empty(), &args.option) {
            (false, _) => Some(args.words.join(" ")),
            (true, Some(_)) => None,
            (true, None) => {
                let text = String::from_utf8((here.stdin)()?);
                Some(text.map_err(|_| {
                    Refusal::new(Code::Invalid, "standard input is not UTF-8 text")
                        .help("give the answer as an argument")
                })?)
            }
        };
        Ok(())
    }

    async fn run(inbox: Handle, args: Args) -> Result<Item, Refusal> {
        let item = inbox.view().find(&args.id)?;
        let answer = match (args.text, args.option) {
            // `yes` to an approval is a yes.
            (Some(text), None) => read_reply(&item, &text),
            (text, option) => Answer { text, option, ..Answer::default() },
        };
        inbox.answer(&item.id, answer, args.caller.who()).await.map(|item| Item::clone(&item))
    }

    fn show(item: &Item, ui: &Ui) -> String {
        format!("{} is {}", item.id, common::state(item, ui))
    }
}
