use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::Refusal,
    verb::{Method, Ui, Verb},
};

/// `gaia task wait`
pub(super) struct Wait;

/// Arguments of [`Wait`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Tasks
    #[arg(required = true)]
    ids: Vec<String>,
    /// Return as well when one waits for a person
    #[arg(long)]
    #[serde(default)]
    or_asking: bool,
    /// Longest time to wait, e.g. `30m`; a day if it is left out
    #[arg(long)]
    timeout: Option<String>,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until tasks are over; exit 0 if all ended well";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/tasks/wait";
    type Args = Args;
    type Reply = Vec<TaskView>;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let ids = args.ids.iter().map(|id| common::task_id(id)).collect::<Result<Vec<_>, _>>()?;
        for id in &ids {
            handle.task(*id)?;
        }
        let patience = args.timeout.as_deref().map(common::span).transpose()?;
        let patience = patience.unwrap_or(common::LONG);
        common::rest(&handle, &ids, args.or_asking, patience).await;
        ids.into_iter().map(|id| common::seen(&handle, id)).collect()
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        task_table(reply, ui)
    }

    fn failed(reply: &Self::Reply) -> bool {
        reply.iter().any(|task| !matches!(task.state.as_str(), "done" | "landed"))
    }
}
