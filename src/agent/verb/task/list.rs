use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        verb::{
            common::At,
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia task list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Also those that are landed, discarded or cancelled
    #[arg(long)]
    #[serde(default)]
    all: bool,
    /// Only those in this state: queued, running, asking, done, failed, …
    #[arg(long)]
    state: Option<String>,
    /// Only those of this agent
    #[arg(long)]
    agent: Option<String>,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// Words of `--state`.
const STATES: [&str; 8] =
    ["queued", "running", "asking", "done", "failed", "cancelled", "landed", "discarded"];

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List tasks: of the workspace here, or (outside of one) of all";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/list";
    type Args = Args;
    type Reply = Vec<TaskView>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        args.at.env.clear();
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        if let Some(state) = args.state.as_deref().filter(|state| !STATES.contains(state)) {
            let message = format!("there is no state `{state}`");
            return Err(Refusal::new(Code::Invalid, message).help(STATES.join(", ")));
        }
        let workspace = args.at.workspace(&handle);
        let view = handle.view();
        let gone =
            |task: &TaskView| matches!(task.state.as_str(), "landed" | "discarded" | "cancelled");
        let of = view
            .tasks
            .values()
            .filter(|task| workspace.as_ref().is_none_or(|workspace| task.workspace == *workspace));
        let seen = of.map(|task| TaskView::of(task, &view));
        let wanted = seen.filter(|task| match &args.state {
            Some(state) => task.state == *state,
            None => args.all || !gone(task),
        });
        let by = |task: &TaskView| args.agent.is_none() || task.agent == args.agent;
        Ok(wanted.filter(by).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.is_empty() {
            return "no tasks; `gaia task add \"…\"` makes one".to_owned();
        }
        task_table(reply, ui)
    }
}
