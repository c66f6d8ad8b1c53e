use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::Refusal,
    verb::{Method, Ui, Verb},
    workflow::actor::Handle,
};

/// `gaia run artifacts`
pub(crate) struct Artifacts;

/// Arguments of [`Artifacts`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run: its id or the end of it, or `last`
    id: String,
}

/// The files that a run left.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Left {
    /// The folder they lie in.
    folder: String,
    /// Their paths in it: the step first.
    files: Vec<String>,
}

impl Verb for Artifacts {
    const NAME: &'static str = "artifacts";
    const ABOUT: &'static str = "The files that the steps of a run left";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/runs/{id}/artifacts";
    type Args = Args;
    type Reply = Left;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Left, Refusal> {
        let id = handle.find(&args.id).await?;
        let sessions = &handle.world().sessions;
        let folder = sessions.home().a_run(id.as_str()).join("artifacts");
        let files = sessions.ports().files.matching(&folder, &format!("{}/**", folder.display()));
        let inside = files.iter().filter_map(|file| file.strip_prefix(&folder).ok());
        let files = inside.map(|file| file.display().to_string()).collect();
        Ok(Left { folder: folder.display().to_string(), files })
    }

    fn show(reply: &Left, _: &Ui) -> String {
        let path = |file: &String| format!("{}/{file}", reply.folder);
        reply.files.iter().map(path).collect::<Vec<_>>().join("\n")
    }
}
