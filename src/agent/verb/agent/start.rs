use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        begin::New,
        driver::Mode,
        model::{Place, Wanted},
        verb::{
            common::{self, At},
            seen::{TaskView, task_table},
        },
    },
    base::{Name, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent start`
pub(super) struct Start;

/// Arguments of [`Start`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Agent
    name: Name,
    /// What it does first; it waits for you if this is left out
    #[arg(long, short)]
    prompt: Option<String>,
    /// In the workspace itself instead of a worktree of its own
    #[arg(long)]
    #[serde(default)]
    in_place: bool,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

impl Verb for Start {
    const NAME: &'static str = "start";
    const ABOUT: &'static str = "Start an agent in its own screen, to work with it yourself";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/start";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        let crew = args.at.crew(&handle).await?;
        let prompt = args.prompt.unwrap_or_default();
        let wanted = Wanted {
            title: format!("{} with you", args.name),
            prompt,
            agent: Some(args.name),
            any: vec![],
            priority: 100,
            after: vec![],
            files: vec![],
            deliverables: vec![],
            budget: vec![],
            timeout_ms: Some(0),
            place: if args.in_place { Place::InPlace } else { Place::Worktree },
            mode: Some(Mode::Interactive),
            key: None,
            race: None,
            told: Default::default(),
            output: false,
        };
        crew.check(&wanted)?;
        let (workspace, dir) = (crew.workspace, crew.dir);
        let task = handle.add(New { workspace, dir, wanted, env: args.at.env }).await?;
        let shown = |view: &crate::agent::view::View| {
            view.tasks.get(&task.id).is_some_and(|task| {
                task.state.is_over() || task.last().is_some_and(|attempt| attempt.unit.is_some())
            })
        };
        handle.until(std::time::Duration::from_secs(30), shown).await;
        common::seen(&handle, task.id)
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        let table = task_table(std::slice::from_ref(reply), ui);
        format!("{table}\nattach with: gaia agent attach {}", reply.id)
    }

    fn failed(reply: &TaskView) -> bool {
        reply.is_bad()
    }
}
