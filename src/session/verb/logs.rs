use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Refusal, UnitId, moment_before},
    session::{actor::Handle, target},
    verb::{Follow, Method, Ui, Verb},
};

/// `gaia session logs`
pub(super) struct Logs;

/// Arguments of [`Logs`].
#[derive(Debug, Clone, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(in crate::session) struct Args {
    /// Pane: SESSION, SESSION:WINDOW, SESSION:WINDOW.PANE, or its id
    pub(in crate::session) target: String,
    /// Go on as the program writes
    #[arg(long, short)]
    #[serde(default)]
    pub(in crate::session) follow: bool,
    /// Only what was written since then: a span (`10m`) or a moment in milliseconds
    #[arg(long)]
    pub(in crate::session) since: Option<String>,
    /// Only lines that match this regular expression
    #[arg(long)]
    pub(in crate::session) grep: Option<String>,
    /// Offset to begin at
    #[arg(long)]
    pub(in crate::session) from: Option<u64>,
}

/// A piece of a pane's output.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(in crate::session) struct Piece {
    /// The pane.
    pub(in crate::session) id: UnitId,
    /// Offset of its first byte.
    pub(in crate::session) from: u64,
    /// The text; bytes that are not UTF-8 are replaced.
    pub(in crate::session) text: String,
    /// Offset to ask for next.
    pub(in crate::session) next: u64,
    /// Offset after the last byte of the log at this moment.
    pub(in crate::session) end: u64,
}

/// Bytes in one reply.
const PIECE: usize = 1 << 20;

impl Verb for Logs {
    const NAME: &'static str = "logs";
    const ABOUT: &'static str = "Print what a pane's program has written, across restarts";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/panes/{target}/logs";
    type Args = Args;
    type Reply = Piece;
    type Ctx = Handle;

    async fn run(sessions: Handle, args: Args) -> Result<Piece, Refusal> {
        let unit = unit(&sessions, &args.target)?;
        let from = begin(&sessions, &unit, &args).await?;
        let span = sessions.ports().units.output(&unit, from, PIECE).await;
        let span = span.map_err(|e| Refusal::new(Code::Failed, e))?;
        let next = span.from + span.bytes.len() as u64;
        let text = String::from_utf8_lossy(&span.bytes).into_owned();
        Ok(Piece { id: unit, from: span.from, text, next, end: span.end })
    }

    fn show(reply: &Piece, _: &Ui) -> String {
        reply.text.clone()
    }

    fn follow(args: &Args) -> Option<Follow> {
        let path = crate::verb::route("/v1/panes/{target}/logs/stream", args);
        Some(Follow {
            path,
            show: |item, _| item["text"].as_str().unwrap_or("").to_owned(),
            raw: true,
        })
    }
}

/// The unit that a target names.
pub(in crate::session) fn unit(sessions: &Handle, text: &str) -> Result<UnitId, Refusal> {
    let view = sessions.view();
    match target::pane(&view, text) {
        Ok((_, _, pane)) => pane.id.clone().ok_or_else(|| {
            Refusal::new(Code::Invalid, "a person made this pane: its output is not kept")
                .help("`gaia session capture` prints what it shows")
        }),
        // A pane of a session that has ended keeps its log under its id.
        Err(refusal) => text.parse().map_err(|_| refusal),
    }
}

/// Where the output wanted begins.
pub(in crate::session) async fn begin(
    sessions: &Handle,
    unit: &UnitId,
    args: &Args,
) -> Result<u64, Refusal> {
    let Some(since) = &args.since else { return Ok(args.from.unwrap_or(0)) };
    let now = sessions.ports().clock.now();
    let wrong = || {
        Refusal::new(Code::Invalid, format!("`{since}` is no span of time"))
            .help("write it like 10m, 2h or 1d")
    };
    let at = moment_before(since, now).ok_or_else(wrong)?;
    let marks = sessions.ports().units.marks(unit, 0, usize::MAX).await;
    let marks = marks.map_err(|e| Refusal::new(Code::Failed, e))?;
    let later = marks.partition_point(|mark| mark.at_us / 1_000 < at.0);
    match marks.get(later) {
        Some(mark) => Ok(mark.offset),
        None => Ok(u64::MAX),
    }
}
