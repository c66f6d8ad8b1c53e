use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set};
use crate::{
    base::Refusal,
    service::{
        actor::Handle,
        view::{ProbeView, ServiceView},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service health`
pub(super) struct Health;

/// Arguments of [`Health`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
}

/// How one service feels.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Line {
    /// The service.
    name: String,
    /// How far it is.
    phase: String,
    /// How it feels.
    health: String,
    /// Why.
    why: Option<String>,
    /// Its probes and their newest answers.
    probes: Vec<ProbeView>,
    /// Whether it is as it shall be.
    good: bool,
}

impl Verb for Health {
    const NAME: &'static str = "health";
    const ABOUT: &'static str =
        "Show what the probes of services say; exit code 1 if one is not good";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services/health";
    type Args = Args;
    type Reply = Vec<Line>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let ids = args.set.choose(&handle, true)?;
        let line = |s: ServiceView| Line {
            good: s.is_settled() || s.phase == "down",
            name: s.name,
            phase: s.phase,
            health: s.health,
            why: s.why,
            probes: s.probes,
        };
        Ok(common::views(&handle, &ids).into_iter().map(line).collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let mut lines = Vec::new();
        for one in reply {
            let colour = if one.good { "32" } else { "31" };
            let why = one.why.as_deref().map(|why| format!("  {why}")).unwrap_or_default();
            let word = if one.phase == "running" { &one.health } else { &one.phase };
            lines.push(format!("{} {}{why}", ui.paint("1", &one.name), ui.paint(colour, word)));
            lines.extend(one.probes.iter().map(|probe| common::probe_line(probe, ui)));
        }
        lines.join("\n")
    }

    fn failed(reply: &Self::Reply) -> bool {
        reply.iter().any(|one| !one.good)
    }
}
