use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb},
    workflow::{
        actor::{Handle, NewRun},
        start,
        verb::common::{self, At},
        view::RunView,
    },
};

/// `gaia run start`
pub(crate) struct Start;

/// Arguments of [`Start`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Workflow: a name, or the path of a file
    workflow: String,
    /// Inputs as NAME=VALUE; a list or an object is written as JSON
    #[serde(default)]
    inputs: Vec<String>,
    /// Inputs from a file with a JSON object; `-` is standard input
    #[arg(long = "inputs-from", value_name = "FILE")]
    inputs_from: Option<String>,
    /// Inputs as a JSON object
    #[arg(skip)]
    #[serde(default)]
    values: Map<String, Value>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    #[serde(default)]
    dry_run: bool,
    /// Return when the run is over; exit 1 if it did not end well
    #[arg(long)]
    #[serde(default)]
    wait: bool,
    /// Show what happens until the run is over
    #[arg(long, short)]
    #[serde(default)]
    follow: bool,
    /// Asking twice with one key starts one run
    #[arg(long)]
    key: Option<String>,
    /// Higher goes first
    #[arg(long, allow_negative_numbers = true)]
    priority: Option<i32>,
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

impl Verb for Start {
    const NAME: &'static str = "start";
    const ABOUT: &'static str = "Run a workflow";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/runs";
    type Args = Args;
    type Reply = RunView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        let Some(from) = args.inputs_from.take() else { return Ok(()) };
        let text = match from.as_str() {
            "-" => String::from_utf8_lossy(&(here.stdin)()?).into_owned(),
            path => (here.read)(&here.absolute(std::path::Path::new(path)))?,
        };
        args.values = serde_json::from_str(&text).map_err(|error| {
            Refusal::new(Code::Invalid, format!("{from} holds no JSON object: {error}"))
        })?;
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<RunView, Refusal> {
        let new = asked_for(&handle, &args)?;
        if args.dry_run {
            return Ok(RunView::planned(&new));
        }
        let record = handle.create(new).await?;
        if args.wait {
            handle.wait(&record.id).await?;
        }
        handle.show(&record.id).await
    }

    fn show(reply: &RunView, ui: &Ui) -> String {
        common::show_run(reply, ui)
    }

    fn failed(reply: &RunView) -> bool {
        reply.is_bad()
    }
}

fn asked_for(handle: &Handle, args: &Args) -> Result<NewRun, Refusal> {
    let place = args.at.place(handle)?;
    let finder = common::finder(handle, &place.dir);
    let (definition, others) = finder.load_all(&common::word(&args.at, &args.workflow))?;
    let mut given = args.values.clone();
    for word in &args.inputs {
        let (name, value) = word.split_once('=').ok_or_else(|| {
            Refusal::new(Code::Invalid, format!("`{word}` is no input: write NAME=VALUE"))
        })?;
        given.insert(name.to_owned(), Value::String(value.to_owned()));
    }
    let inputs = start::check(&definition.definition, given)?;
    Ok(NewRun {
        workspace: place.workspace,
        dir: place.dir,
        env: args.at.env.clone(),
        definition,
        others,
        inputs,
        key: args.key.clone(),
        trigger: "a person".to_owned(),
        parent: None,
        priority: args.priority,
        imports: BTreeMap::new(),
    })
}
