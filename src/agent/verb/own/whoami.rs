use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Own;
use crate::{
    agent::{
        actor::Handle,
        verb::{common, seen::TaskView},
    },
    base::Refusal,
    verb::{Here, Method, Ui, Verb, Who},
};

/// `gaia self task`
pub(super) struct Whoami;

/// Arguments of [`Whoami`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct WhoamiArgs {
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    own: Own,
}

impl Verb for Whoami {
    const NAME: &'static str = "task";
    const ABOUT: &'static str = "Say which task this pane is about";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/self/task";
    type Args = WhoamiArgs;
    type Reply = TaskView;
    type Ctx = Handle;

    fn prepare(args: &mut WhoamiArgs, here: &Here) -> Result<(), Refusal> {
        args.own.prepare(here);
        Ok(())
    }

    fn admit(args: &mut WhoamiArgs, who: &Who) {
        args.own.admit(who);
    }

    async fn run(handle: Handle, args: WhoamiArgs) -> Result<TaskView, Refusal> {
        let task = args.own.task(&handle)?;
        common::seen(&handle, task.id)
    }

    fn show(reply: &TaskView, _: &Ui) -> String {
        format!("{} {} ({})", reply.id, reply.title, reply.agent.clone().unwrap_or_default())
    }
}
