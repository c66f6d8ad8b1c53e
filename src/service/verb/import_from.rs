use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use crate::{
    base::{Code, Refusal},
    service::{actor::Handle, find::Definitions},
    session::FILE,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service import`
pub(super) struct Import;

/// Arguments of [`Import`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Write the gaia.toml beside it instead of printing it
    #[arg(long)]
    #[serde(default)]
    write: bool,
    /// Run known images (postgres, redis, …) by their catalog entries instead of a container engine
    #[arg(long)]
    #[serde(default)]
    native: bool,
    /// Environment of the caller
    #[arg(skip)]
    #[serde(default)]
    env: std::collections::BTreeMap<String, String>,
}

/// Reply of [`Import`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Which tool's it was.
    from: String,
    /// Text of the gaia.toml.
    text: String,
    /// What could not be carried over, and why.
    left: Vec<String>,
    /// Services it has.
    services: Vec<String>,
    /// Where it was written.
    file: Option<PathBuf>,
}

impl Verb for Import {
    const NAME: &'static str = "import";
    const ABOUT: &'static str =
        "Show a Procfile, process-compose.yaml, compose.yaml or JSON list as a gaia.toml";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/import";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.file = here.absolute(&args.file);
        args.env.clone_from(&here.env);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let definitions = Definitions::of(&handle, &args.env);
        let (text, from, left) = definitions.carried_over(&args.file, args.native)?;
        let folder = args.file.parent().unwrap_or(&args.file);
        let path = folder.join(FILE);
        // What is written must be what gaia reads.
        let shown = format!("{} (as gaia reads it)", args.file.display());
        let source = crate::session::Source { path: shown, bytes: text.clone().into() };
        let workspace = definitions.read(&source, folder)?;
        if args.write {
            let written = handle.sessions().ports().files.create(&path, text.as_bytes());
            written.map_err(|what| Refusal::new(Code::Failed, what).help("nothing was changed"))?;
        }
        let services = workspace.services.iter().map(|s| s.name.to_string()).collect();
        let file = args.write.then_some(path);
        Ok(Reply { from: from.to_owned(), text, left, services, file })
    }

    fn show(reply: &Reply, _: &Ui) -> String {
        let Some(file) = &reply.file else { return reply.text.clone() };
        let mut lines = vec![format!("{} is written, from {}", file.display(), reply.from)];
        lines.extend(reply.left.iter().map(|one| format!("  left behind: {one}")));
        lines.push(format!("start it: cd {} && gaia up", file.parent().unwrap_or(file).display()));
        lines.join("\n")
    }
}
