use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        fact::TaskCancelled,
        model::State,
        record::TaskRecord,
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Refusal},
    ledger::Decision,
    verb::{Method, Ui, Verb},
};

/// `gaia task cancel`
pub(super) struct Cancel;

/// Arguments of [`Cancel`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Task
    id: String,
}

impl Verb for Cancel {
    const NAME: &'static str = "cancel";
    const ABOUT: &'static str = "Give a task up: its agent is stopped, its work stays where it is";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/{id}/cancel";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        let id = common::task_id(&args.id)?;
        let task = handle.task(id)?;
        common::not_landing(&task)?;
        match &task.state {
            State::Running | State::Queued { .. } | State::Asking { .. } => {
                handle.give_up(&args.id).await?;
            }
            State::Failed { .. } | State::Done => {
                let cancel = move |task: &mut TaskRecord, decision: &mut Decision| {
                    task.state = State::Cancelled;
                    decision.fact(&TaskCancelled { task: id });
                };
                handle.world().desk.change(id, cancel).await?;
            }
            over @ (State::Cancelled | State::Landed { .. } | State::Discarded { .. }) => {
                let message = format!("{id} is {} already", over.word());
                return Err(Refusal::new(Code::Invalid, message));
            }
        }
        common::seen(&handle, id)
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }
}
