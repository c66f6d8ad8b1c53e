use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Here, Method, Ui, Verb},
    workflow::{
        actor::Handle,
        show,
        verb::common::{self, At},
    },
};

/// `gaia workflow explain`
pub(crate) struct Explain;

/// Arguments of [`Explain`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Workflow: a name, or the path of a file; all that holds unless it is said otherwise, if it is
    /// left out
    workflow: Option<String>,
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A workflow in words.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Explained {
    /// The words.
    text: String,
}

impl Verb for Explain {
    const NAME: &'static str = "explain";
    const ABOUT: &'static str =
        "A workflow in plain words, with everything that is not written but holds";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/workflows/explain";
    type Args = Args;
    type Reply = Explained;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.at.env.clear();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Explained, Refusal> {
        let text = match &args.workflow {
            Some(word) => show::explain(&common::load(&handle, &args.at, word)?.definition),
            None => show::implied(),
        };
        Ok(Explained { text })
    }

    fn show(reply: &Explained, _: &Ui) -> String {
        reply.text.trim_end().to_owned()
    }
}
