use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Here, Method, Ui, Verb},
    workflow::{
        actor::Handle,
        model::Definition,
        verb::common::{self, At},
    },
};

/// `gaia workflow show`
pub(crate) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Workflow: a name, or the path of a file
    workflow: String,
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A workflow.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Shown {
    /// Where it comes from.
    origin: String,
    /// The text of its file.
    text: String,
    /// What it says, every default filled in.
    definition: Definition,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "The file of a workflow, and where it lies";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/workflows/show";
    type Args = Args;
    type Reply = Shown;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.at.env.clear();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Shown, Refusal> {
        let record = common::load(&handle, &args.at, &args.workflow)?;
        Ok(Shown { origin: record.path, text: record.text, definition: record.definition })
    }

    fn show(reply: &Shown, _: &Ui) -> String {
        format!("# {}\n{}", reply.origin, reply.text.trim_end())
    }
}
