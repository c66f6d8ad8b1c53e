use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Name, Refusal},
    verb::{Here, Method, Ui, Verb},
    workflow::{
        actor::Handle,
        verb::common::{self, At},
    },
};

/// `gaia workflow new`
pub(crate) struct New;

/// Arguments of [`New`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Name of the new workflow
    name: String,
    /// Begin with this one instead of a small example
    #[arg(long)]
    like: Option<String>,
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// A new file.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Made {
    /// Its path.
    path: String,
}

/// What a new workflow says.
const EXAMPLE: &str = "\
description: What it is for, in one line
inputs:
  who: { type: string, default: world }
steps:
  - id: greet
    run: echo \"hello ${who}\"
    outputs: { greeting: string }
  - id: tell
    needs: greet
    run: echo \"it said {{ greet.greeting }}\"
";

impl Verb for New {
    const NAME: &'static str = "new";
    const ABOUT: &'static str = "Write the file of a new workflow into .gaia/workflows";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/workflows";
    type Args = Args;
    type Reply = Made;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.at.env.clear();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Made, Refusal> {
        let name: Name = args.name.parse().map_err(|e| Refusal::new(Code::Invalid, e))?;
        let place = args.at.place(&handle)?;
        let text = match &args.like {
            Some(other) => common::load(&handle, &args.at, other)?.text,
            None => EXAMPLE.to_owned(),
        };
        let path = place.dir.join(".gaia/workflows").join(format!("{name}.yaml"));
        let files = &handle.world().sessions.ports().files;
        files.create(&path, text.as_bytes()).map_err(|what| {
            Refusal::new(Code::Failed, what).help("take another name, or edit that one")
        })?;
        Ok(Made { path: path.display().to_string() })
    }

    fn show(reply: &Made, _: &Ui) -> String {
        reply.path.clone()
    }
}
