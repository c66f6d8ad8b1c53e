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

/// `gaia agent interrupt`
pub(super) struct Interrupt;

/// Arguments of [`Interrupt`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    target: Target,
}

impl Verb for Interrupt {
    const NAME: &'static str = "interrupt";
    const ABOUT: &'static str = "Have an agent stop what it does and wait, in its own screen";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/interrupt";
    type Args = Args;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.target.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<TaskView, Refusal> {
        let id = args.target.task(&handle)?.id;
        handle.tell(id, News::Interrupt);
        common::seen(&handle, id)
    }

    fn show(reply: &TaskView, ui: &Ui) -> String {
        task_table(std::slice::from_ref(reply), ui)
    }
}
