use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::path::PathBuf;

use crate::{
    base::{Code, Refusal},
    session::{
        actor::Handle,
        find::FILE,
        import::{Imported, import},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia session import`
pub(super) struct Import;

/// Arguments of [`Import`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// The definition, YAML or JSON
    file: PathBuf,
    /// Write the gaia.toml into this folder instead of printing it
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Text of the definition
    #[arg(skip)]
    #[serde(default)]
    text: String,
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
    /// Where it was written.
    file: Option<PathBuf>,
}

impl Verb for Import {
    const NAME: &'static str = "import";
    const ABOUT: &'static str =
        "Carry a definition of tmuxinator, tmuxp or smug over to a gaia.toml";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/import";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        let path = here.absolute(&args.file);
        args.text = (here.read)(&path)?;
        args.write = args.write.as_ref().map(|folder| here.absolute(folder));
        Ok(())
    }

    async fn run(sessions: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let Imported { from, text, left } = import(&args.text)?;
        let file = args.write.map(|folder| folder.join(FILE));
        if let Some(file) = &file {
            let written = sessions.ports().files.create(file, text.as_bytes());
            written.map_err(|what| Refusal::new(Code::Failed, what).help("nothing was changed"))?;
        }
        Ok(Reply { from: from.to_owned(), text, left, file })
    }

    fn show(reply: &Self::Reply, _: &Ui) -> String {
        let Some(file) = &reply.file else { return reply.text.clone() };
        let mut lines = vec![format!("{} is written, from {}", file.display(), reply.from)];
        lines.extend(reply.left.iter().map(|one| format!("  left behind: {one}")));
        lines.push(format!("open it: cd {} && gaia up", file.parent().unwrap_or(file).display()));
        lines.join("\n")
    }
}
