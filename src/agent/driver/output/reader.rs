use std::collections::VecDeque;

use serde_json::Value;

use super::{
    Class, Kind, Output, Rule, StopRule, Tokens, at,
    counts::{count, number, rounded},
    first_text,
};
use crate::{agent::driver::model::Driver, base::plain};

/// A longer line is no record.
const MAX_LINE: usize = 64 << 20;
/// So many lines of plain text are kept for the reason of a bad end.
const MAX_PLAIN: usize = 200;

/// What a run tells while it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sign {
    /// The id of the conversation.
    Session(String),
    /// It waits for the model API and tries again by itself.
    Retrying {
        /// How long it waits, if it says so.
        until_ms: Option<u64>,
        /// HTTP status, if it says so.
        status: Option<u16>,
        /// In its own words.
        text: Option<String>,
    },
    /// Words of the agent.
    Text(String),
    /// A limit was reached that passes at a time, in seconds since the epoch.
    Limited {
        /// When it passes, if it says so.
        until: Option<u64>,
    },
    /// Something the agent was not allowed to do.
    Denied(String),
    /// All tokens and money of this run so far.
    Spent {
        /// Tokens.
        tokens: Tokens,
        /// Money in millionths of a dollar, if the make tells it.
        cost_micros: Option<u64>,
    },
    /// It would never end by itself and has to be stopped.
    StopNow {
        /// What the end will be called.
        class: Class,
        /// Why.
        why: String,
    },
}

/// Reads what a headless run prints on its terminal.
#[derive(Debug)]
pub struct Reader {
    pub(super) output: Output,
    pub(super) rules: Vec<Rule>,
    stops: Vec<(StopRule, u32)>,
    buffer: Vec<u8>,
    pub(super) seen: Seen,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) last: Option<Value>,
    pub(super) session: Option<String>,
    pub(super) text: Option<String>,
    pub(super) joining: bool,
    pub(super) turns: u32,
    pub(super) tokens: Tokens,
    pub(super) cost_micros: Option<u64>,
    pub(super) denials: Vec<String>,
    /// The first record that each rule's `seen` met.
    pub(super) records: Vec<Option<Value>>,
    pub(super) notes: Vec<String>,
    pub(super) plain: VecDeque<String>,
    pub(super) stopped: Option<(Class, String)>,
    pub(super) cost_of_run: bool,
}

impl Reader {
    /// For one run of this driver.
    #[must_use]
    pub fn new(driver: &Driver) -> Self {
        Self {
            output: driver.output.clone(),
            rules: driver.classify.clone(),
            stops: driver.stop_now.iter().map(|rule| (rule.clone(), 0)).collect(),
            buffer: vec![],
            seen: Seen { records: vec![None; driver.classify.len()], ..Seen::default() },
        }
    }

    /// Takes what was printed next; lines may come in pieces.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Sign> {
        let mut signs = vec![];
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.buffer.len() + piece.len() <= MAX_LINE {
                self.buffer.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.buffer);
                self.line(&line, &mut signs);
            }
        }
        signs
    }

    /// What came last has no line end.
    pub(super) fn flush(&mut self) {
        let line = std::mem::take(&mut self.buffer);
        self.line(&line, &mut vec![]);
    }

    fn line(&mut self, line: &[u8], signs: &mut Vec<Sign>) {
        let line = plain(&String::from_utf8_lossy(line));
        let line = line.trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() {
            return;
        }
        if self.output.kind == Kind::Jsonl
            && let Some(record) = record(line)
        {
            return self.record(record, signs);
        }
        let found = self.output.line.iter().find_map(|pattern| pattern.record(line));
        self.seen.plain.push_back(line.to_owned());
        if self.seen.plain.len() > MAX_PLAIN {
            self.seen.plain.pop_front();
        }
        if let Some(record) = found {
            self.record(record, signs);
        }
    }

    fn record(&mut self, record: Value, signs: &mut Vec<Sign>) {
        self.session(&record, signs);
        self.words(&record, signs);
        self.usage(&record, signs);
        self.denied(&record, signs);
        self.trouble(&record, signs);
        self.stops(&record, signs);
        if self.output.last.iter().any(|wanted| wanted.holds(&record)) {
            // What was complained about before a good end is over.
            if self.output.ok.holds(&record) {
                self.seen.plain.clear();
                self.seen.notes.clear();
            }
            self.seen.last = Some(record);
        }
    }

    fn session(&mut self, record: &Value, signs: &mut Vec<Sign>) {
        let found = self.output.session.as_deref().and_then(|path| first_text(record, path));
        if let Some(id) = found
            && self.seen.session.as_ref() != Some(&id)
        {
            self.seen.session = Some(id.clone());
            signs.push(Sign::Session(id));
        }
    }

    fn words(&mut self, record: &Value, signs: &mut Vec<Sign>) {
        if let Some(say) = self.output.say.as_ref().filter(|say| say.when.holds(record)) {
            let texts = at(record, &say.at).into_iter().filter_map(Value::as_str);
            signs.extend(texts.filter(|text| !text.is_empty()).map(|t| Sign::Text(t.to_owned())));
        }
        let Some(place) = &self.output.text else { return };
        let mine = match &place.when {
            Some(when) => when.holds(record),
            None => self.output.last.iter().any(|wanted| wanted.holds(record)),
        };
        let found = first_text(record, &place.at).filter(|_| mine);
        let joins = place.join && self.seen.joining;
        self.seen.joining = found.is_some();
        match (found, &mut self.seen.text) {
            (Some(more), Some(text)) if joins => text.push_str(&more),
            (Some(text), slot) => *slot = Some(text),
            (None, _) => {}
        }
    }

    fn usage(&mut self, record: &Value, signs: &mut Vec<Sign>) {
        self.seen.cost_of_run |= self.output.cost_of_run.as_ref().is_some_and(|m| m.holds(record));
        if self.output.turn.as_ref().is_some_and(|turn| turn.holds(record)) {
            self.seen.turns += 1;
        }
        let mine = match &self.output.usage {
            Some(usage) => usage.holds(record),
            None => self.output.last.iter().any(|wanted| wanted.holds(record)),
        };
        if !mine {
            return;
        }
        let tokens = count(record, &self.output.tokens);
        let cost = self.output.cost_usd.as_deref().map(|path| at(record, path));
        let cost = cost.and_then(|found| found.into_iter().find_map(number));
        let cost = cost.map(|usd| rounded(usd * 1e6));
        if self.output.sum {
            self.seen.tokens = self.seen.tokens.plus(tokens);
            let sum = |more: u64| self.seen.cost_micros.unwrap_or(0).saturating_add(more);
            self.seen.cost_micros = cost.map(sum).or(self.seen.cost_micros);
        } else {
            self.seen.tokens = tokens;
            self.seen.cost_micros = cost.or(self.seen.cost_micros);
        }
        signs.push(Sign::Spent { tokens: self.seen.tokens, cost_micros: self.seen.cost_micros });
    }

    fn denied(&mut self, record: &Value, signs: &mut Vec<Sign>) {
        for denial in self.output.denial.iter().filter(|denial| denial.when.holds(record)) {
            let each = denial.each.as_deref().map_or_else(|| vec![record], |path| at(record, path));
            for one in each {
                let words = denial.show.iter().filter_map(|path| first_text(one, path));
                let text = words.collect::<Vec<_>>().join(" ");
                signs.push(Sign::Denied(text.clone()));
                self.seen.denials.push(text);
            }
        }
    }

    fn trouble(&mut self, record: &Value, signs: &mut Vec<Sign>) {
        let value = |path: &Option<String>| {
            let found = path.as_deref().map(|path| at(record, path)).unwrap_or_default();
            found.into_iter().find_map(number).map(rounded)
        };
        for progress in self.output.progress.iter().filter(|one| one.when.holds(record)) {
            signs.push(Sign::Retrying {
                until_ms: value(&progress.until_ms),
                status: value(&progress.status).and_then(|status| u16::try_from(status).ok()),
                text: progress.text.as_deref().and_then(|path| first_text(record, path)),
            });
        }
        for (rule, slot) in self.rules.iter().zip(&mut self.seen.records) {
            if slot.is_none() && rule.seen.as_ref().is_some_and(|seen| seen.holds(record)) {
                *slot = Some(record.clone());
                if rule.class == Class::Limited {
                    signs.push(Sign::Limited { until: value(&rule.until_epoch) });
                }
            }
        }
        if self.output.note.iter().any(|note| note.holds(record)) {
            self.seen
                .notes
                .extend(self.output.why.iter().find_map(|path| first_text(record, path)));
        }
    }

    fn stops(&mut self, record: &Value, signs: &mut Vec<Sign>) {
        for (rule, times) in self.stops.iter_mut().filter(|(rule, _)| rule.when.holds(record)) {
            *times += 1;
            if *times == rule.times {
                let (class, why) = (rule.class, rule.why.clone());
                self.seen.stopped = Some((class, why.clone()));
                signs.push(Sign::StopNow { class, why });
            }
        }
    }
}

/// The record of a line; something may have been printed before it without a line end.
fn record(line: &str) -> Option<Value> {
    let from = line.find("{\"")?;
    let parsed = serde_json::from_str::<Value>(line[from..].trim_end()).ok();
    parsed.filter(Value::is_object)
}
