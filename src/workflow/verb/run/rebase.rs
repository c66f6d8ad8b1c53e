use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// `gaia run rebase`
pub(crate) struct Rebase;

/// Arguments of [`Rebase`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Args {
    /// Run that is over: its id or the end of it, or `last`
    id: String,
    /// The workflow to go on with; the one of the run, as its file is now, if it is left out
    #[arg(long)]
    workflow: Option<String>,
    /// Return when the new run is over; exit 1 if it did not end well
    #[arg(long)]
    #[serde(default)]
    wait: bool,
    /// From where it is asked
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

impl Verb for Rebase {
    const NAME: &'static str = "rebase";
    const ABOUT: &'static str = "A new run of a workflow as its file is now, with the results of an old one that still hold";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/runs/{id}/rebase";
    type Args = Args;
    type Reply = RunView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<RunView, Refusal> {
        let id = handle.find(&args.id).await?;
        let (record, run) = handle.load(&id).await?;
        if !record.state.is_over() {
            let message = format!("{id} is {}", record.state.word());
            return Err(Refusal::new(Code::Invalid, message)
                .help("only what is over can be gone on from: `gaia run cancel` ends it"));
        }
        let captured = handle.definition(&record)?;
        let word = match &args.workflow {
            Some(word) => common::word(&args.at, word),
            None if captured.path.starts_with('/') => captured.path.clone(),
            None => record.workflow.clone(),
        };
        let finder = common::finder(&handle, &record.dir);
        let (definition, others) = finder.load_all(&word)?;
        let known = |name: &String| definition.definition.inputs.iter().any(|i| i.name == *name);
        let given = record.inputs.iter().filter(|(name, _)| known(name));
        let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        let inputs = start::check(&definition.definition, given)?;
        let new = NewRun {
            workspace: record.workspace.clone(),
            dir: record.dir.clone(),
            env: args.at.env,
            definition,
            others,
            inputs,
            key: None,
            trigger: format!("a person, from {id}"),
            parent: None,
            priority: Some(record.priority),
            imports: run.exports(),
        };
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
