use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common;
use crate::{
    base::Refusal,
    service::{actor::Handle, view::ServiceView},
    session::{View, pane_table},
    verb::{Method, Ui, Verb},
};

/// `gaia status`
pub(super) struct Status;

/// Arguments of [`Status`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {}

/// Everything there is.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reply {
    /// Sessions with their windows and panes.
    #[serde(flatten)]
    view: View,
    /// Services; an older daemon knows none.
    #[serde(default)]
    services: Vec<ServiceView>,
}

impl Verb for Status {
    const NAME: &'static str = "status";
    const ABOUT: &'static str = "Show every pane of every session and every service";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/status";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let Args {} = args;
        let ids: Vec<_> = handle.view().services.keys().cloned().collect();
        let view = View::clone(&handle.sessions().view());
        Ok(Reply { view, services: common::views(&handle, &ids) })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        if reply.view.sessions.is_empty() && reply.services.is_empty() {
            return "no session: `gaia up` in a folder with a gaia.toml, or `gaia session new`"
                .to_owned();
        }
        let mut parts = vec![pane_table(&reply.view, ui)];
        if !reply.services.is_empty() {
            parts.push(common::service_table(&reply.services, ui));
        }
        parts.join("\n\n")
    }
}
