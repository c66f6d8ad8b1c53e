use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set};
use crate::{
    base::Refusal,
    service::{actor::Handle, view::ServiceView},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service status`
pub(super) struct Status;

/// Arguments of [`Status`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
}

impl Verb for Status {
    const NAME: &'static str = "status";
    const ABOUT: &'static str =
        "Show how services are and what they use; exit code 1 if one has failed";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services/status";
    type Args = Args;
    type Reply = Vec<ServiceView>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let ids = args.set.choose(&handle, true)?;
        handle.sample().await;
        Ok(common::views(&handle, &ids))
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.is_empty() {
            return "no service: `gaia up` in a folder whose gaia.toml has [services]".to_owned();
        }
        common::usage_table(reply, ui)
    }

    fn failed(reply: &Self::Reply) -> bool {
        reply.iter().any(ServiceView::is_hopeless)
    }
}
