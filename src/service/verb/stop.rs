use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Concerned, Set, Wait};
use crate::{
    base::Refusal,
    service::{
        actor::Handle,
        machine::{By, Input},
        model::ServiceId,
    },
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service stop`
pub(super) struct Stop;

/// Arguments of [`Stop`].
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

impl Verb for Stop {
    const NAME: &'static str = "stop";
    const ABOUT: &'static str = "Stop services, those that depend on others first";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/services/stop";
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
        stop(&handle, &ids, patience).await?;
        if args.wait.wait {
            common::stopped(&handle, &ids, patience).await;
        }
        Ok(Concerned::of(&handle, &ids, args.wait.wait))
    }

    fn show(reply: &Concerned, ui: &Ui) -> String {
        reply.show(ui)
    }

    fn failed(reply: &Concerned) -> bool {
        reply.waited && reply.services.iter().any(|s| s.pid.is_some())
    }

    fn progress(args: &Args) -> Option<Follow> {
        common::progress(args.wait.wait)
    }
}

/// Stops services, those that depend on others first; the last of them may still be ending.
pub(in crate::service) async fn stop(
    handle: &Handle,
    ids: &[ServiceId],
    patience: Duration,
) -> Result<(), Refusal> {
    let ranks = common::stop_ranks(handle, ids);
    let last = ranks.len().saturating_sub(1);
    for (at, rank) in ranks.iter().enumerate() {
        let stop = |id: &ServiceId| (id.clone(), Input::Stop { by: By::Operator });
        handle.tell(rank.iter().map(stop).collect()).await?;
        if at < last {
            common::stopped(handle, rank, patience).await;
        }
    }
    Ok(())
}
