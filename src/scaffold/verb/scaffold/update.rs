use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    base::{Code, Refusal},
    scaffold::{
        Handle,
        answer::Asking,
        update::{self, Updated, Wish},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia scaffold update`
pub(super) struct Update;

/// Arguments of [`Update`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Folder of the project
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The version to come to, instead of the latest
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// An answer to change, or to give to a new question; once for each
    #[arg(long = "var", value_name = "NAME=VALUE")]
    #[serde(skip)]
    vars: Vec<String>,
    /// Answers by name
    #[arg(skip)]
    #[serde(default)]
    answers: Map<String, Value>,
    /// Ask only for what has no default
    #[arg(long)]
    #[serde(default)]
    defaults: bool,
    /// Show what would change, and write nothing
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
    /// Also over changes that are not committed; they are kept in .gaia/before
    #[arg(long)]
    #[serde(default)]
    force: bool,
    /// Allow the commands that the template runs
    #[arg(long)]
    #[serde(default)]
    trust: bool,
}

impl Verb for Update {
    const NAME: &'static str = "update";
    const ABOUT: &'static str = "Bring a later version of its template to a project";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/scaffold/update";
    type Args = Args;
    type Reply = Updated;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.path = here.absolute(&args.path);
        for var in &args.vars {
            let Some((name, value)) = var.split_once('=') else {
                let message = format!("`--var {var}` gives no value");
                return Err(Refusal::new(Code::Invalid, message).help("write --var NAME=VALUE"));
            };
            args.answers.insert(name.trim().to_owned(), Value::from(value));
        }
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Updated, Refusal> {
        let asking = if args.defaults { Asking::Required } else { Asking::All };
        let ports = handle.renewal(&args.path, asking);
        let wish = Wish {
            root: args.path,
            to: args.to,
            answers: args.answers,
            dry_run: args.dry_run,
            force: args.force,
            trust: args.trust,
        };
        update::update(&ports, &wish).await
    }

    fn show(reply: &Updated, _ui: &Ui) -> String {
        reply.show()
    }

    fn failed(reply: &Updated) -> bool {
        reply.conflicts > 0
    }
}
