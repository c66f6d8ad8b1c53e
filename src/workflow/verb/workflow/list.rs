use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Here, Method, Ui, Verb, table},
    workflow::{
        actor::Handle,
        verb::common::{self, At},
    },
};

/// `gaia workflow list`
pub(crate) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A workflow that can be run.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Listed {
    /// Its name.
    name: String,
    /// One line about it, or what is wrong with it.
    about: String,
    /// Whether it can be run.
    good: bool,
    /// Inputs, those that must be given with a `*`.
    inputs: Vec<String>,
    /// Where it comes from.
    origin: String,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str =
        "Workflows: the workspace's own, the home's, those that come with gaia";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/workflows";
    type Args = Args;
    type Reply = Vec<Listed>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.at.env.clear();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let place = args.at.place(&handle)?;
        let finder = common::finder(&handle, &place.dir);
        let one = |found: crate::workflow::find::Found| match finder.load(&found.name) {
            Ok(record) => Listed {
                name: found.name,
                about: record.definition.about.clone(),
                good: true,
                inputs: common::inputs(&record.definition),
                origin: found.origin,
            },
            Err(refusal) => Listed {
                name: found.name,
                about: refusal.message.lines().next().unwrap_or_default().to_owned(),
                good: false,
                inputs: vec![],
                origin: found.origin,
            },
        };
        Ok(finder.all().into_iter().map(one).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let row = |one: &Listed| {
            let about = if one.good { one.about.clone() } else { ui.paint("31", &one.about) };
            vec![one.name.clone(), about, one.inputs.join(" "), one.origin.clone()]
        };
        table(ui, &["WORKFLOW", "ABOUT", "INPUTS", "FROM"], reply.iter().map(row).collect())
    }
}
