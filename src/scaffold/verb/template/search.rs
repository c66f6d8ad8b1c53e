use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Place, Row};
use crate::{
    base::Refusal,
    scaffold::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia template search`
pub(super) struct Search;

/// Arguments of [`Search`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Words that all stand in its name, its tags or what it makes
    #[arg(required = true)]
    words: Vec<String>,
    /// Where whoever asks stands
    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl Verb for Search {
    const NAME: &'static str = "search";
    const ABOUT: &'static str = "Find templates by words";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/templates/search";
    type Args = Args;
    type Reply = Vec<Row>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.place.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Vec<Row>, Refusal> {
        let words: Vec<String> = args.words.iter().map(|word| word.to_lowercase()).collect();
        let fits = |row: &Row| {
            let text = format!("{} {} {}", row.name, row.about, row.tags.join(" ")).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let all = handle.shelf(args.place.folder()).list().into_iter().map(Row::of);
        Ok(all.filter(|row| !row.hidden && fits(row)).collect())
    }

    fn show(reply: &Vec<Row>, ui: &Ui) -> String {
        if reply.is_empty() {
            "no template has these words".to_owned()
        } else {
            common::rows(reply, ui)
        }
    }
}
