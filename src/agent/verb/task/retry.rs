use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        model::{GoOn, State},
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Name, Refusal},
    verb::{Method, Ui, Verb},
};

/// `gaia task retry`
pub(super) struct Retry;

/// Arguments of [`Retry`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Task
    id: String,
    /// Another agent
    #[arg(long, short)]
    agent: Option<Name>,
    /// Go on with the session of the last attempt, with these words
    #[arg(long)]
    prompt: Option<String>,
    /// Begin a new session instead of going on with the last one
    #[arg(long)]
    #[serde(default)]
    fresh: bool,
}

impl Verb for Retry {
    const NAME: &'static str = "retry";
    const ABOUT: &'static str = "Try a task that is over once more, in its worktree as it is";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/{id}/retry";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        let id = common::task_id(&args.id)?;
        let task = handle.task(id)?;
        common::not_landing(&task)?;
        match &task.state {
            State::Failed { .. } | State::Cancelled | State::Done | State::Asking { .. } => (),
            State::Queued { .. } => (),
            other @ (State::Running | State::Landed { .. } | State::Discarded { .. }) => {
                let message = format!("{id} is {}", other.word());
                return Err(Refusal::new(Code::Invalid, message)
                    .help("what runs, or is landed or discarded, cannot be tried again"));
            }
        }
        let Args { agent, prompt, fresh, .. } = args;
        handle
            .world()
            .desk
            .change(id, move |task, decision| {
                if agent.is_some() {
                    task.wanted.agent = agent;
                }
                let resume = task.last().filter(|_| !fresh).map(|last| last.session.clone());
                let next = GoOn { resume, prompt, counts: false };
                task.queue_again(next, "a person wants it tried again", decision);
            })
            .await?;
        common::seen(&handle, id)
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }
}
