use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::{
    agent::{
        actor::{Handle, News},
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::Refusal,
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent stop`
pub(super) struct Stop;

/// Arguments of [`Stop`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
}

impl Verb for Stop {
    const NAME: &'static str = "stop";
    const ABOUT: &'static str =
        "End the program of an agent; its task is cancelled unless it was done";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/stop";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        let id = args.target.task(&handle)?.id;
        handle.tell(id, News::Cancel);
        let ended = |view: &crate::agent::view::View| {
            view.tasks.get(&id).is_none_or(|task| {
                task.last().is_none_or(|a| a.step == crate::agent::model::Step::Ended)
            })
        };
        handle.until(std::time::Duration::from_secs(30), ended).await;
        common::seen(&handle, id)
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }
}
