use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Name, Refusal},
    inbox::actor::Handle,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia inbox files`
pub(super) struct Files;

/// Arguments of [`Files`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// The workspace
    workspace: Name,
    /// Folder the files stand in
    #[arg(default_value = "questions")]
    dir: PathBuf,
    /// Keep no files any more
    #[arg(long)]
    #[serde(default)]
    off: bool,
}

/// Reply of [`Files`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The folder, if files are kept.
    folder: Option<PathBuf>,
}

impl Verb for Files {
    const NAME: &'static str = "files";
    const ABOUT: &'static str =
        "Keep the questions of a workspace as files too; NAME-answer.md beside NAME.md answers it";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/inbox/files/{workspace}";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.dir = here.absolute(&args.dir);
        Ok(())
    }

    async fn run(inbox: Handle, args: Args) -> Result<Reply, Refusal> {
        if !args.dir.is_absolute() {
            let message = format!("{} is no absolute path", args.dir.display());
            return Err(Refusal::new(Code::Invalid, message).help("write the whole path"));
        }
        let folder = (!args.off).then_some(args.dir);
        inbox.keep_files(args.workspace, folder.clone()).await?;
        Ok(Reply { folder })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        match &reply.folder {
            Some(folder) => format!("questions are kept in {} too", folder.display()),
            None => "questions are not kept as files".to_owned(),
        }
    }
}
