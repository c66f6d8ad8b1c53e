use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::{Handle, News},
        fact::TaskCancelled,
        model::State,
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Refusal},
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
            State::Running => {
                handle.tell(id, News::Cancel);
                common::rest(&handle, &[id], false, std::time::Duration::from_secs(30)).await;
            }
            State::Queued { .. } | State::Asking { .. } | State::Failed { .. } | State::Done => {
                let item = match &task.state {
                    State::Asking { item, .. } => item.parse().ok(),
                    _ => None,
                };
                handle
                    .world()
                    .desk
                    .change(id, move |task, decision| {
                        task.state = State::Cancelled;
                        decision.fact(&TaskCancelled { task: id });
                    })
                    .await?;
                if let Some(item) = item {
                    let people = &handle.world().people;
                    let _ = people.withdraw(&item, "its task was cancelled").await;
                }
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
