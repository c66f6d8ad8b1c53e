use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set, Wait};
use crate::{
    base::Refusal,
    service::{
        actor::Handle,
        machine::{Cause, Input},
        model::ServiceId,
        view::{ServiceView, View},
    },
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service restart`
pub(super) struct Restart;

/// Arguments of [`Restart`].
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

/// Reply of [`Restart`].
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// The services.
    services: Vec<ServiceView>,
    /// Whether it was waited for.
    waited: bool,
}

impl Verb for Restart {
    const NAME: &'static str = "restart";
    const ABOUT: &'static str = "Run services afresh; that does not count as a restart of theirs";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/restart";
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
        let before = handle.view();
        let inputs = ids.iter().map(|id| (id.clone(), Input::Restart(Cause::User))).collect();
        handle.tell(inputs).await?;
        if args.wait.wait {
            // The old life must be over before the new one can be waited for.
            let again = |view: &View| ids.iter().all(|id| afresh(&before, view, id));
            handle.until(patience, again).await;
        }
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

/// Whether another life of a service runs, or none can.
fn afresh(before: &View, now: &View, id: &ServiceId) -> bool {
    let (Some(old), Some(new)) = (before.services.get(id), now.services.get(id)) else {
        return true;
    };
    let other = new.pid.is_some() && (new.pid != old.pid || new.incarnation != old.incarnation);
    other || new.is_hopeless() || new.phase == "completed" && new.since > old.since
}
