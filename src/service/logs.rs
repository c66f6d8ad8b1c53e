//! The output of several services as lines, merged by time, without holding more than a page of
//! each in memory.

use std::{collections::VecDeque, sync::Arc};

use futures_util::future::select_all;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{
    base::{Code, Mark, Moment, Refusal, UnitId, plain},
    port::Units,
};

/// Bytes and marks read at once.
const PIECE: usize = 64 << 10;
const MARKS: usize = 4096;
/// Longest line; a longer one is cut into several.
const LINE: usize = 16 << 10;

/// One line of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Line {
    /// The service.
    pub(crate) service: String,
    /// When it was written, to within some milliseconds.
    pub(crate) at: Moment,
    /// The text without its line end; bytes that are not UTF-8 are replaced.
    pub(crate) text: String,
    /// Whether lines of several services are shown together.
    #[serde(default)]
    pub(crate) named: bool,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) since: Option<Moment>,
    pub(crate) grep: Option<Regex>,
    pub(crate) tail: Option<usize>,
    pub(crate) follow: bool,
}

/// Lines in the order of time.
pub(crate) struct Lines {
    sources: Vec<Source>,
    wanted: Wanted,
    named: bool,
}

/// The log of one service.
struct Source {
    units: Arc<dyn Units>,
    unit: UnitId,
    service: String,
    /// Offset of the next byte to read.
    from: u64,
    marks: VecDeque<Mark>,
    /// Time of the byte at `from`.
    at: Moment,
    rest: Vec<u8>,
    rest_at: Moment,
    ready: VecDeque<(Moment, String)>,
    grown: Option<watch::Receiver<u64>>,
    over: bool,
}

impl Lines {
    /// Opens logs by name and unit.
    pub(crate) async fn open(
        units: Arc<dyn Units>,
        wanted_units: Vec<(String, UnitId)>,
        wanted: Wanted,
        named: bool,
    ) -> Result<Self, Refusal> {
        let mut sources = Vec::new();
        for (service, unit) in wanted_units {
            let failed = |e| Refusal::new(Code::Failed, e);
            let grown = wanted.follow.then(|| units.growth(&unit));
            let mut source = Source {
                units: Arc::clone(&units),
                unit,
                service,
                from: 0,
                marks: VecDeque::new(),
                at: Moment(0),
                rest: vec![],
                rest_at: Moment(0),
                ready: VecDeque::new(),
                grown,
                over: false,
            };
            source.begin(&wanted).await.map_err(failed)?;
            sources.push(source);
        }
        Ok(Self { sources, wanted, named })
    }

    /// The next line; waits for it where the logs are followed.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        loop {
            for source in &mut self.sources {
                source.fill(self.wanted.follow).await;
            }
            let earliest = self
                .sources
                .iter_mut()
                .filter(|source| !source.ready.is_empty())
                .min_by_key(|source| source.ready.front().map(|(at, _)| *at));
            let Some(source) = earliest else {
                self.grown().await?;
                continue;
            };
            let Some((at, text)) = source.ready.pop_front() else { continue };
            if self.wanted.grep.as_ref().is_none_or(|grep| grep.is_match(&plain(&text))) {
                let service = source.service.clone();
                return Some(Line { service, at, text, named: self.named });
            }
        }
    }

    /// Waits until one of the logs has grown; `None` when none ever will.
    async fn grown(&mut self) -> Option<()> {
        let waits = self.sources.iter_mut().enumerate().filter(|(_, source)| !source.over);
        let waits: Vec<_> = waits
            .filter_map(|(at, source)| {
                let grown = source.grown.as_mut()?;
                Some(Box::pin(async move { (at, grown.changed().await.is_ok()) }))
            })
            .collect();
        if waits.is_empty() {
            return None;
        }
        let ((at, grows), _, _) = select_all(waits).await;
        if !grows {
            // Its shim is gone; another one may come, and that is another log reader's matter.
            self.sources[at].over = true;
        }
        Some(())
    }
}

impl Source {
    /// Finds the first byte that is wanted.
    async fn begin(&mut self, wanted: &Wanted) -> Result<(), crate::port::UnitError> {
        let span = self.units.output(&self.unit, 0, 0).await?;
        self.from = span.from;
        if let Some(since) = wanted.since {
            let marks = self.units.marks(&self.unit, 0, usize::MAX).await?;
            let later = marks.partition_point(|mark| mark.at_us / 1_000 < since.0);
            self.from = marks.get(later).map_or(span.end, |mark| mark.offset);
        }
        if let Some(count) = wanted.tail {
            self.from = self.from.max(self.tail(span.end, count).await?);
        }
        Ok(())
    }

    /// Offset at which the last lines begin.
    async fn tail(&self, end: u64, count: usize) -> Result<u64, crate::port::UnitError> {
        let (mut to, mut seen) = (end, 0);
        while to > 0 {
            let from = to.saturating_sub(PIECE as u64);
            let span = self.units.output(&self.unit, from, (to - from) as usize).await?;
            for (at, _) in span.bytes.iter().enumerate().rev().filter(|(_, b)| **b == b'\n') {
                seen += 1;
                // The first line end seen from behind ends the last line.
                if seen == count + 1 {
                    return Ok(span.from + at as u64 + 1);
                }
            }
            if span.from > from || from == 0 {
                return Ok(span.from);
            }
            to = from;
        }
        Ok(0)
    }

    /// Reads until at least one line is ready, or all is read.
    async fn fill(&mut self, follow: bool) {
        while self.ready.is_empty() {
            if self.marks.len() < 2 {
                self.load_marks().await;
            }
            let Ok(span) = self.units.output(&self.unit, self.from, PIECE).await else { return };
            if span.bytes.is_empty() {
                if !follow && !self.rest.is_empty() {
                    self.push_rest();
                }
                return;
            }
            self.from = span.from;
            self.take(&span.bytes);
        }
    }

    async fn load_marks(&mut self) {
        if let Ok(marks) = self.units.marks(&self.unit, self.from, MARKS).await {
            self.marks = marks.into();
        }
    }

    /// Cuts bytes into lines, each with the time of the mark it begins in.
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            while let Some(mark) = self.marks.front().filter(|mark| mark.offset <= self.from) {
                self.at = Moment(mark.at_us / 1_000);
                self.marks.pop_front();
            }
            if self.rest.is_empty() {
                self.rest_at = self.at;
            }
            self.from += 1;
            match byte {
                b'\n' => self.push_rest(),
                other => self.rest.push(*other),
            }
            if self.rest.len() >= LINE {
                self.push_rest();
            }
        }
    }

    fn push_rest(&mut self) {
        let bytes = std::mem::take(&mut self.rest);
        let text = String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned();
        self.ready.push_back((self.rest_at, text));
    }
}
