use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Concerned, Set, Wait};
use crate::{
    base::Refusal,
    service::{
        actor::Handle,
        machine::{Cause, Input},
        model::ServiceId,
        view::View,
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

impl Verb for Restart {
    const NAME: &'static str = "restart";
    const ABOUT: &'static str = "Run services afresh; that does not count as a restart of theirs";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/restart";
    type Args = Args;
    type Reply = Concerned;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Concerned, Refusal> {
        let patience = args.wait.patience()?;
        let ids = args.set.choose(&handle, false)?;
        restart(&handle, &ids, patience, args.wait.wait).await?;
        Ok(Concerned::of(&handle, &ids, args.wait.wait))
    }

    fn show(reply: &Concerned, ui: &Ui) -> String {
        reply.show(ui)
    }

    fn failed(reply: &Concerned) -> bool {
        reply.failed()
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}

/// Restarts services, and waits for their new lives if that is wanted.
pub(in crate::service) async fn restart(
    handle: &Handle,
    ids: &[ServiceId],
    patience: Duration,
    wait: bool,
) -> Result<(), Refusal> {
    let before = handle.view();
    let clock = std::sync::Arc::clone(&handle.sessions().ports().clock);
    let until = clock.uptime() + patience;
    let inputs = ids.iter().map(|id| (id.clone(), Input::Restart(Cause::User))).collect();
    handle.tell(inputs).await?;
    if wait {
        // The old life must be over before the new one can be waited for.
        let again = |view: &View| ids.iter().all(|id| afresh(&before, view, id));
        handle.until(patience, again).await;
        common::settled(handle, ids, until.saturating_sub(clock.uptime())).await;
    }
    Ok(())
}

/// Whether another life of a service runs, or none can.
fn afresh(before: &View, now: &View, id: &ServiceId) -> bool {
    let (Some(old), Some(new)) = (before.services.get(id), now.services.get(id)) else {
        return true;
    };
    let other = new.pid.is_some() && (new.pid != old.pid || new.incarnation != old.incarnation);
    other || new.is_hopeless() || new.phase == "completed" && new.since > old.since
}
