use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use std::sync::Arc;

use super::common::Set;
use crate::{
    base::{Code, Moment, Refusal, moment_before, plain},
    service::{
        actor::Handle,
        logs::{Line, Lines, Wanted},
        view::ServiceView,
    },
    verb::{Follow, Here, Method, Ui, Verb},
};

/// `gaia service logs`
pub(super) struct Logs;

/// Arguments of [`Logs`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(in crate::service) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Go on as they write
    #[arg(long, short)]
    #[serde(default)]
    follow: bool,
    /// Only what was written since then: a span (`10m`) or a moment in milliseconds
    #[arg(long)]
    since: Option<String>,
    /// Only lines that match this regular expression
    #[arg(long)]
    grep: Option<String>,
    /// Only the last lines of each service
    #[arg(long, short = 'n')]
    tail: Option<usize>,
}

/// Lines in one reply; a stream has no such limit.
const MOST: usize = 10_000;

impl Verb for Logs {
    const NAME: &'static str = "logs";
    const ABOUT: &'static str =
        "Print what services have written, merged by time, across restarts and rotations";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services/logs";
    type Args = Args;
    type Reply = Vec<Line>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let mut lines = open(&handle, &Args { follow: false, ..args }).await?;
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
            if all.len() == MOST {
                break;
            }
        }
        Ok(all)
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.iter().map(|line| show(line, ui)).collect::<Vec<_>>().join("\n")
    }

    fn follow(args: &Args) -> Option<Follow> {
        let path = crate::verb::route("/v1/services/logs/stream", args);
        let show = |item: &serde_json::Value, ui: &Ui| {
            serde_json::from_value(item.clone()).map_or(String::new(), |line| show(&line, ui))
        };
        Some(Follow { path, show, raw: false })
    }
}

/// Opens the logs that are wanted.
pub(in crate::service) async fn open(handle: &Handle, args: &Args) -> Result<Lines, Refusal> {
    let ids = args.set.choose(handle, true)?;
    let grep = args.grep.as_deref().map(regex::Regex::new).transpose();
    let grep = grep.map_err(|e| Refusal::new(Code::Invalid, format!("`grep`: {e}")))?;
    let now = handle.sessions().ports().clock.now();
    let since = args.since.as_deref().map(|text| moment(text, now)).transpose()?;
    let wanted = Wanted { since, grep, tail: args.tail, follow: args.follow };
    let view = handle.view();
    let of = ids.iter().filter_map(|id| view.services.get(id));
    let sessions = handle.sessions();
    // One that has not started yet has its pane already.
    let unit = |s: &ServiceView| {
        s.unit.clone().or_else(|| sessions.unit_of_service(&s.id.workspace, &s.name))
    };
    let units = of.filter_map(|s| Some((s.name.clone(), unit(s)?))).collect();
    let source = Arc::clone(&handle.sessions().ports().units);
    Lines::open(source, units, wanted, ids.len() > 1).await
}

fn moment(text: &str, now: Moment) -> Result<Moment, Refusal> {
    moment_before(text, now).ok_or_else(|| {
        Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
            .help("write it like 10m, 2h or 1d")
    })
}

/// Colours that tell services apart.
const COLOURS: &[&str] = &["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

fn show(line: &Line, ui: &Ui) -> String {
    // Colours of the program are for a terminal.
    let text = if ui.colour { line.text.clone() } else { plain(&line.text) };
    if !line.named {
        return text;
    }
    let sum: usize = line.service.bytes().map(usize::from).sum();
    let name = format!("{:<12} |", line.service);
    format!("{} {text}", ui.paint(COLOURS[sum % COLOURS.len()], &name))
}
