use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

use super::common::{self, Set};
use crate::{
    base::Refusal,
    service::{
        actor::Handle,
        history::Point,
        view::{ProbeView, ServiceView},
    },
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service metrics`
pub(super) struct Metrics;

/// Arguments of [`Metrics`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Also the points of the last day, one a minute
    #[arg(long)]
    #[serde(default)]
    history: bool,
}

/// What one service uses.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Line {
    /// The service.
    name: String,
    /// Share of one processor since the last look, in percent, its whole tree.
    cpu_percent: f64,
    /// Resident memory of its tree, in bytes.
    memory_bytes: u64,
    /// Open descriptors.
    open_files: u64,
    /// Threads.
    threads: u64,
    /// Processes.
    processes: u64,
    /// Milliseconds it runs.
    uptime_ms: Option<u64>,
    /// Restarts that nobody asked for.
    restarts: u64,
    /// Milliseconds of the newest answer of each probe, by `role-kind`.
    probe_ms: BTreeMap<String, u64>,
    /// The points of the last day, if they were asked for.
    #[serde(default)]
    history: Vec<Point>,
}

impl Verb for Metrics {
    const NAME: &'static str = "metrics";
    const ABOUT: &'static str = "Show what services use: processor, memory, descriptors, threads";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services/metrics";
    type Args = Args;
    type Reply = Vec<Line>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let ids = args.set.choose(&handle, true)?;
        handle.sample().await;
        let mut lines = Vec::new();
        for view in common::views(&handle, &ids) {
            let history = match args.history {
                true => handle.history(view.id.clone()).await?,
                false => vec![],
            };
            lines.push(Line { history, ..line(view) });
        }
        Ok(lines)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        let row = |one: &Line| {
            let probes: Vec<String> =
                one.probe_ms.iter().map(|(name, ms)| format!("{name} {ms} ms")).collect();
            vec![
                one.name.clone(),
                format!("{:.1} %", one.cpu_percent),
                common::bytes(one.memory_bytes),
                one.open_files.to_string(),
                one.threads.to_string(),
                one.processes.to_string(),
                probes.join(", "),
            ]
        };
        let head = ["SERVICE", "CPU", "MEMORY", "FILES", "THREADS", "PROCESSES", "PROBES"];
        let mut parts = vec![crate::verb::table(ui, &head, reply.iter().map(row).collect())];
        parts.extend(reply.iter().filter(|one| !one.history.is_empty()).map(|one| past(one, ui)));
        parts.join("\n\n")
    }
}

fn line(s: ServiceView) -> Line {
    let newest = |probe: &ProbeView| {
        let name = format!("{:?}-{}", probe.role, probe.kind).to_lowercase();
        Some((name, probe.answers.last()?.ms))
    };
    Line {
        history: vec![],
        probe_ms: s.probes.iter().filter_map(newest).collect(),
        name: s.name,
        cpu_percent: s.cpu_percent,
        memory_bytes: s.memory_bytes,
        open_files: s.open_files,
        threads: s.threads,
        processes: s.processes,
        uptime_ms: s.uptime_ms,
        restarts: s.restarts,
    }
}

/// The points of a service as a table, newest last.
fn past(one: &Line, ui: &Ui) -> String {
    let row = |point: &Point| {
        let at = i64::try_from(point.at.0).unwrap_or(0);
        let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
        let at = at.to_zoned(jiff::tz::TimeZone::system()).strftime("%F %H:%M").to_string();
        let cpu = format!("{:.1} %", point.cpu_percent);
        let rest = [point.open_files, point.threads].map(|count| count.to_string());
        [vec![at, cpu, common::bytes(point.memory_bytes)], rest.to_vec()].concat()
    };
    let head = [one.name.as_str(), "CPU", "MEMORY", "FILES", "THREADS"];
    crate::verb::table(ui, &head, one.history.iter().map(row).collect())
}
