//! Server-sent events of panes: their output as it comes, and as a recording.

use axum::{
    Router,
    extract::{FromRef, Path, Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{Stream, StreamExt, stream};
use regex::Regex;

use super::{
    actor::Handle,
    cast::Cast,
    verb::logs::{Args, Piece, begin, unit},
};
use crate::{
    base::{Code, Refusal, UnitId},
    verb::sse,
};

/// Bytes read from a log at once.
const PIECE: usize = 256 << 10;

/// Mounts the streams.
pub(crate) fn routes<S>(router: Router<S>) -> Router<S>
where
    Handle: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    router
        .route("/v1/panes/{target}/logs/stream", get(logs))
        .route("/v1/panes/{target}/recording/stream", get(recording))
}

/// Marks read from an index at once.
const PAGE: usize = 4096;

async fn recording(State(sessions): State<Handle>, Path(target): Path<String>) -> Response {
    match unit(&sessions, &target) {
        Ok(unit) => sse(cast(sessions, unit)),
        Err(refusal) => refusal.into_response(),
    }
}

/// The lines of a recording, page by page.
fn cast(sessions: Handle, unit: UnitId) -> impl Stream<Item = serde_json::Value> + Send {
    let pages = stream::unfold((Some(0_u64), Cast::default()), move |(from, mut cast)| {
        let (sessions, unit) = (sessions.clone(), unit.clone());
        async move {
            let from = from?;
            let units = &sessions.ports().units;
            let marks = units.marks(&unit, from, PAGE).await.ok()?;
            let last = marks.len() < PAGE || marks.last().is_some_and(|mark| mark.offset <= from);
            let taken = if last { marks.len() } else { marks.len() - 1 };
            let mut lines = Vec::new();
            for (at, mark) in marks.iter().enumerate().take(taken) {
                let to = marks.get(at + 1).map_or(u64::MAX, |next| next.offset);
                let length =
                    usize::try_from(to - mark.offset).unwrap_or(usize::MAX).min(PIECE * 16);
                let bytes = units.output(&unit, mark.offset, length).await.ok()?.bytes;
                lines.extend(cast.lines(mark, &bytes));
            }
            let next = marks.last().filter(|_| !last).map(|mark| mark.offset);
            Some((stream::iter(lines), (next, cast)))
        }
    });
    pages.flatten()
}

/// What a stream is asked; its target comes from the path.
#[derive(serde::Deserialize)]
struct Wanted {
    #[serde(default)]
    follow: bool,
    since: Option<String>,
    grep: Option<String>,
    from: Option<u64>,
}

async fn logs(
    State(sessions): State<Handle>,
    Path(target): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Wanted { follow, since, grep, from } = wanted;
    let args = Args { target, follow, since, grep, from };
    match prepare(&sessions, &args).await {
        Ok((unit, from, grep)) => sse(pieces(sessions, unit, from, follow, grep)),
        Err(refusal) => refusal.into_response(),
    }
}

async fn prepare(sessions: &Handle, args: &Args) -> Result<(UnitId, u64, Option<Regex>), Refusal> {
    let unit = unit(sessions, &args.target)?;
    let from = begin(sessions, &unit, args).await?;
    let grep = args.grep.as_deref().map(Regex::new).transpose();
    let grep = grep.map_err(|e| Refusal::new(Code::Invalid, format!("`grep`: {e}")))?;
    Ok((unit, from, grep))
}

/// Where a stream of pieces stands.
struct At {
    sessions: Handle,
    unit: UnitId,
    from: u64,
    grep: Option<Regex>,
    /// Bytes of a character or a line that is not whole yet.
    rest: Vec<u8>,
    grown: Option<tokio::sync::watch::Receiver<u64>>,
}

fn pieces(
    sessions: Handle,
    unit: UnitId,
    from: u64,
    follow: bool,
    grep: Option<Regex>,
) -> impl Stream<Item = Piece> + Send + 'static {
    let grown = follow.then(|| sessions.ports().units.growth(&unit));
    let at = At { sessions, unit, from, grep, rest: vec![], grown };
    stream::unfold(at, |mut at| async move {
        loop {
            let span = at.sessions.ports().units.output(&at.unit, at.from, PIECE).await.ok()?;
            if span.bytes.is_empty() {
                if let Some(piece) = at.last_words() {
                    return Some((piece, at));
                }
                // The kernel tells when the log grows; the sender is gone when nobody writes it.
                at.grown.as_mut()?.changed().await.ok()?;
                continue;
            }
            if let Some(piece) = at.take(span) {
                return Some((piece, at));
            }
        }
    })
}

impl At {
    /// The part of a span that can be shown already.
    fn take(&mut self, span: crate::port::LogSpan) -> Option<Piece> {
        self.from = span.from + span.bytes.len() as u64;
        self.rest.extend(span.bytes);
        let whole = match &self.grep {
            Some(_) => self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1),
            None => whole_characters(&self.rest),
        };
        let bytes: Vec<u8> = self.rest.drain(..whole).collect();
        self.piece(&bytes, span.end)
    }

    /// What is left at the end of a log that is not followed.
    fn last_words(&mut self) -> Option<Piece> {
        if self.grown.is_some() {
            return None;
        }
        let bytes = std::mem::take(&mut self.rest);
        self.piece(&bytes, self.from)
    }

    fn piece(&self, bytes: &[u8], end: u64) -> Option<Piece> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let text = match &self.grep {
            Some(grep) => text.split_inclusive('\n').filter(|line| grep.is_match(line)).collect(),
            None => text,
        };
        let from = self.from - self.rest.len() as u64 - bytes.len() as u64;
        let piece = Piece { id: self.unit.clone(), from, text, next: self.from, end };
        (!piece.text.is_empty()).then_some(piece)
    }
}

/// Length of the text without a character that is cut at its end.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let start = bytes[tail..].iter().rposition(|byte| *byte >= 0xc0).map(|at| tail + at);
    match start.map(|at| (at, std::str::from_utf8(&bytes[at..]))) {
        Some((at, Err(error))) if error.error_len().is_none() => at,
        _ => bytes.len(),
    }
}
