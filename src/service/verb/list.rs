use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set};
use crate::{
    base::Refusal,
    service::{actor::Handle, view::ServiceView},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List the services";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services";
    type Args = Args;
    type Reply = Vec<ServiceView>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let ids = args.set.choose(&handle, true)?;
        Ok(common::views(&handle, &ids))
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.is_empty() {
            return "no service: `gaia up` in a folder whose gaia.toml has [services]".to_owned();
        }
        common::service_table(reply, ui)
    }
}
