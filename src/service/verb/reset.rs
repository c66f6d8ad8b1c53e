use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set, Wait};
use crate::{
    base::Refusal,
    service::{actor::Handle, machine::Input, view::ServiceView},
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service reset`
pub(super) struct Reset;

/// Arguments of [`Reset`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Whether to wait
    #[command(flatten)]
    #[serde(flatten)]
    wait: Wait,
}

/// Reply of [`Reset`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The services.
    services: Vec<ServiceView>,
    /// Whether it was waited for.
    waited: bool,
}

impl Verb for Reset {
    const NAME: &'static str = "reset";
    const ABOUT: &'static str = "Forgive the failures of services: those that gave up start again";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/reset";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let patience = args.wait.patience()?;
        let ids = args.set.choose(&handle, false)?;
        let inputs = ids.iter().map(|id| (id.clone(), Input::Reset)).collect();
        handle.tell(inputs).await?;
        if args.wait.wait {
            common::settled(&handle, &ids, patience).await;
        }
        Ok(Reply { services: common::views(&handle, &ids), waited: args.wait.wait })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        common::service_table(&reply.services, ui)
    }

    fn failed(reply: &Reply) -> bool {
        reply.waited && common::unsettled(&reply.services)
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}
