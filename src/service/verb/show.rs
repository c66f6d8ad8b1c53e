use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Set};
use crate::{
    base::Refusal,
    service::{actor::Handle, view::ServiceView},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service show`
pub(super) struct Show;

/// Arguments of [`Show`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show all that is known of a service";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services/show";
    type Args = Args;
    type Reply = ServiceView;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<ServiceView, Refusal> {
        let found = common::one(&handle, &args.set)?;
        handle.sample().await;
        let now = handle.sessions().ports().clock.now();
        let fresh = handle.view().services.get(&found.id).cloned().unwrap_or(found);
        Ok(fresh.at(now))
    }

    fn show(s: &ServiceView, ui: &Ui) -> String {
        let id = ui.paint("1", &s.id.to_string());
        let mut lines = vec![format!("{id} {}", common::phase(s, ui))];
        lines.extend(
            rows(s)
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(key, value)| format!("  {key:<12} {value}")),
        );
        lines.extend(s.probes.iter().map(|probe| common::probe_line(probe, ui)));
        lines.join("\n")
    }

    fn failed(reply: &ServiceView) -> bool {
        reply.is_hopeless()
    }
}

fn rows(s: &ServiceView) -> Vec<(&'static str, String)> {
    let ports = s.ports.iter().map(|(name, port)| format!("{name} {port}"));
    let after = s.after.iter().map(|(name, what)| format!("{name} {what}"));
    let uses = format!(
        "{:.1} % CPU, {} in {} processes, {} threads, {} files",
        s.cpu_percent,
        common::bytes(s.memory_bytes),
        s.processes,
        s.threads,
        s.open_files
    );
    vec![
        ("why", s.why.clone().unwrap_or_default()),
        ("runs", common::first_line(&s.command)),
        ("in", s.dir.clone()),
        ("pid", s.pid.map(|pid| pid.to_string()).unwrap_or_default()),
        ("uptime", s.uptime_ms.map(common::span).unwrap_or_default()),
        ("ready after", s.ready_after_ms.map(|ms| format!("{ms} ms")).unwrap_or_default()),
        ("life", format!("{} ({} restarts)", s.incarnation, s.restarts)),
        ("last end", s.exit.as_ref().map(|end| end.show()).unwrap_or_default()),
        ("ports", ports.collect::<Vec<_>>().join(", ")),
        ("after", after.collect::<Vec<_>>().join(", ")),
        ("uses", uses),
        ("pane", s.unit.as_ref().map(ToString::to_string).unwrap_or_default()),
    ]
}
