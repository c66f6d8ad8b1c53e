use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use crate::{
    agent::{
        actor::Handle,
        verb::{
            common,
            seen::{TaskView, task_table},
        },
    },
    base::{Code, Refusal},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia agent wait`
pub(super) struct Wait;

/// Arguments of [`Wait`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
    /// What it shall do: idle, working, waiting, limited, failed, stalled, exited, or done
    #[arg(long, default_value = "idle")]
    until: String,
    /// Longest time to wait, e.g. `10m`
    #[arg(long)]
    timeout: Option<String>,
}

const WORDS: [&str; 8] =
    ["idle", "working", "waiting", "limited", "failed", "stalled", "exited", "done"];

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until an agent does (or shows) something";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/wait";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        if !WORDS.contains(&args.until.as_str()) {
            let message = format!("`{}` is no state of an agent", args.until);
            return Err(Refusal::new(Code::Invalid, message).help(WORDS.join(", ")));
        }
        let id = args.target.task(&handle)?.id;
        let patience = args.timeout.as_deref().map(common::span).transpose()?;
        let wanted = args.until.clone();
        let is = move |view: &crate::agent::view::View| {
            let Some(task) = view.tasks.get(&id) else { return true };
            let word = task.last().map(|a| a.seen.state.to_string()).unwrap_or_default();
            word.split('(').next() == Some(wanted.as_str())
                || (wanted == "done" && task.state.is_over())
        };
        handle.until(patience.unwrap_or(common::LONG), &is).await;
        if !is(&handle.view()) {
            let view = handle.task(id)?;
            let state = view.last().map(|a| a.seen.state.to_string()).unwrap_or_default();
            let message = format!("{id} is {state}, not {}", args.until);
            return Err(Refusal::new(Code::Failed, message).help("`gaia agent explain` says why"));
        }
        common::seen(&handle, id)
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }
}
