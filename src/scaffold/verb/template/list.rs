use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Place, Row};
use crate::{
    base::Refusal,
    scaffold::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia template list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Also those that are only there to be extended
    #[arg(long)]
    #[serde(default)]
    all: bool,
    /// Where whoever asks stands
    #[command(flatten)]
    #[serde(flatten)]
    place: Place,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List the templates that can be called by name";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/templates";
    type Args = Args;
    type Reply = Vec<Row>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.place.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Vec<Row>, Refusal> {
        let all = handle.shelf(args.place.folder()).list().into_iter().map(Row::of);
        Ok(all.filter(|row| args.all || !row.hidden).collect())
    }

    fn show(reply: &Vec<Row>, ui: &Ui) -> String {
        common::rows(reply, ui)
    }
}
