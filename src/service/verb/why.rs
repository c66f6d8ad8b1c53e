use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set};
use crate::{
    base::Refusal,
    service::{
        actor::Handle,
        model::ServiceId,
        view::{ServiceView, View},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service why`
pub(super) struct Why;

/// Arguments of [`Why`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
}

/// One link of the chain.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Link {
    /// How deep it is below the service asked about.
    depth: usize,
    /// The service.
    name: String,
    /// How far it is.
    phase: String,
    /// How it feels.
    health: String,
    /// What must hold of it.
    wanted: Option<String>,
    /// Why it is as it is.
    why: Option<String>,
}

impl Verb for Why {
    const NAME: &'static str = "why";
    const ABOUT: &'static str = "Say why a service is not up: the chain of what it waits for";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services/why";
    type Args = Args;
    type Reply = Vec<Link>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let service = common::one(&handle, &args.set)?;
        let mut links = Vec::new();
        follow(&handle.view(), &service, None, 0, &mut links);
        Ok(links)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let line = |link: &Link| {
            let word = if link.phase == "running" { &link.health } else { &link.phase };
            let good = matches!(word.as_str(), "ready" | "completed" | "unknown");
            let word = ui.paint(if good { "32" } else { "31" }, word);
            let wanted = link.wanted.as_deref().map(|w| format!(" (must be {w})"));
            let why = link.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            let indent = "  ".repeat(link.depth);
            format!("{indent}{} {word}{}{why}", link.name, wanted.unwrap_or_default())
        };
        reply.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// Adds a service and, if it waits, all that it depends on and that is not as it must be.
fn follow(
    view: &View,
    service: &ServiceView,
    wanted: Option<String>,
    depth: usize,
    links: &mut Vec<Link>,
) {
    links.push(Link {
        depth,
        name: service.name.clone(),
        phase: service.phase.clone(),
        health: service.health.clone(),
        wanted,
        why: service.why.clone(),
    });
    if service.is_settled() || links.len() > 1000 {
        return;
    }
    for (name, condition) in &service.after {
        let of = |id: &&ServiceId| id.workspace == service.id.workspace && id.name.as_str() == name;
        for id in view.services.keys().filter(of) {
            if let Some(other) = view.services.get(id)
                && !other.is_settled()
            {
                follow(view, other, Some(condition.clone()), depth + 1, links);
            }
        }
    }
}
