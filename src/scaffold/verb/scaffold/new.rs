use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::make::{self, Into, Order};
use crate::{
    base::{Code, Refusal},
    scaffold::{Handle, answer::Asking},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia scaffold new`
pub(super) struct New;

/// Arguments of [`New`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Name of the template, or the path of its folder: ./NAME
    template: String,
    /// Folder of the project
    target: PathBuf,
    /// An answer; once for each
    #[arg(long = "var", value_name = "NAME=VALUE")]
    #[serde(skip)]
    vars: Vec<String>,
    /// A file of answers: TOML or JSON
    #[arg(long = "answers", value_name = "FILE")]
    #[serde(skip)]
    file: Option<PathBuf>,
    /// Answers by name
    #[arg(skip)]
    #[serde(default)]
    answers: Map<String, Value>,
    /// Ask only for what has no default
    #[arg(long)]
    #[serde(default)]
    defaults: bool,
    /// Show what would be written, and write nothing
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
    /// Into a folder with something in it: add what is missing, keep what is there
    #[arg(long, conflicts_with = "overwrite")]
    #[serde(default)]
    merge: bool,
    /// Into a folder with something in it: replace what is there
    #[arg(long)]
    #[serde(default)]
    overwrite: bool,
    /// Make it a git repository with a first commit
    #[arg(long)]
    #[serde(default)]
    git: bool,
    /// Allow the commands that the template runs
    #[arg(long)]
    #[serde(default)]
    trust: bool,
    /// Folder of whoever asks
    #[arg(skip)]
    #[serde(default)]
    cwd: Option<PathBuf>,
}

impl Verb for New {
    const NAME: &'static str = "new";
    const ABOUT: &'static str = "Make a project from a template";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/scaffold/new";
    type Args = Args;
    type Reply = make::Made;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target = here.absolute(&args.target);
        args.cwd = Some(here.cwd.clone());
        if let Some(home) = args.template.strip_prefix("~/") {
            args.template = here.absolute(&PathBuf::from("~").join(home)).display().to_string();
        }
        if let Some(file) = &args.file {
            let path = here.absolute(file);
            args.answers = read_file(&path.display().to_string(), &(here.read)(&path)?)?;
        }
        for var in &args.vars {
            let Some((name, value)) = var.split_once('=') else {
                let message = format!("`--var {var}` gives no value");
                return Err(Refusal::new(Code::Invalid, message).help("write --var NAME=VALUE"));
            };
            args.answers.insert(name.trim().to_owned(), Value::from(value));
        }
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<make::Made, Refusal> {
        let into = match (args.merge, args.overwrite) {
            (_, true) => Into::Overwrite,
            (true, false) => Into::Merge,
            (false, false) => Into::Nothing,
        };
        if !args.target.is_absolute() {
            let message = format!("{} is no absolute path", args.target.display());
            return Err(Refusal::new(Code::Invalid, message).help("name the folder in full"));
        }
        let cwd = args.cwd.unwrap_or_else(|| PathBuf::from("/"));
        let asking = if args.defaults { Asking::Required } else { Asking::All };
        let order = Order {
            template: args.template,
            target: args.target,
            answers: args.answers,
            cwd,
            asking,
            into,
            dry_run: args.dry_run,
            git: args.git,
            trust: args.trust,
        };
        make::make(&handle, order).await
    }

    fn show(reply: &make::Made, ui: &Ui) -> String {
        reply.show(ui)
    }
}

/// The answers in a file.
fn read_file(path: &str, text: &str) -> Result<Map<String, Value>, Refusal> {
    let fault = |what: String| Refusal::new(Code::Invalid, format!("{path}: {what}"));
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|e| fault(e.to_string()));
    }
    let read: Result<Map<String, Value>, _> = toml::from_str(text);
    let answers = read.map_err(|error| {
        let at = error.span().unwrap_or(0..0);
        let fault = crate::base::ConfigError::new(path, text, at, error.message());
        crate::base::faults_refusal(&[fault.help("write name = \"value\", one on each line")])
    })?;
    Ok(answers)
}
