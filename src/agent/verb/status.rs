use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent::{Row, agent_table, rows};
use crate::{
    agent::actor::Handle,
    base::Refusal,
    service::{ServiceView, service_table, views},
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
    /// Agents and what each does.
    #[serde(default)]
    agents: Vec<Row>,
}

impl Verb for Status {
    const NAME: &'static str = "status";
    const ABOUT: &'static str = "Show every pane of every session, every service and every agent";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/status";
    type Args = Args;
    type Reply = Reply;
    type Ctx = Handle;

    async fn run(handle: Handle, args: Args) -> Result<Reply, Refusal> {
        let Args {} = args;
        let world = handle.world();
        let ids: Vec<_> = world.services.view().services.keys().cloned().collect();
        let view = View::clone(&world.sessions.view());
        let seen = handle.view();
        let agents = seen.crews.values().flat_map(|crew| {
            crew.agents.iter().flat_map(|agent| rows(&seen, &crew.workspace, agent))
        });
        let services = views(&world.services, &ids);
        Ok(Reply { view, services, agents: agents.collect() })
    }

    fn show(reply: &Reply, ui: &Ui) -> String {
        if reply.view.sessions.is_empty() && reply.services.is_empty() && reply.agents.is_empty() {
            return "no session: `gaia up` in a folder with a gaia.toml, or `gaia session new`"
                .to_owned();
        }
        let mut parts = vec![pane_table(&reply.view, ui)];
        if !reply.services.is_empty() {
            parts.push(service_table(&reply.services, ui));
        }
        if !reply.agents.is_empty() {
            parts.push(agent_table(&reply.agents, ui));
        }
        parts.join("\n\n")
    }
}
