//! What is stored of tokens and money.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    budget::{Amount, Estimate},
    counter::Counter,
    gate::Gate,
    usage::{Micros, Tokens},
};
use crate::ledger::Record;

/// Stands in a key between its parts; no name holds it.
const BETWEEN: &str = "\u{1f}";

/// Day of everything that is older than what is kept day by day.
pub(super) const EARLIER: &str = "earlier";

/// What was used, in sums that can be added and taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Tokens.
    pub tokens: Tokens,
    /// Cost of those that have a price.
    pub cost: Micros,
    /// How many of the tokens have no price.
    #[serde(default)]
    pub unpriced: u64,
    /// What stays reserved in place of what nobody could tell; it fills budgets, and was not
    /// reported.
    #[serde(default)]
    pub held: Estimate,
    /// Attempts that ended.
    #[serde(default)]
    pub attempts: u64,
}

impl Part {
    pub(super) fn plus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_add, self.tokens.plus(&other.tokens))
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_sub, self.tokens.minus(&other.tokens))
    }

    /// The smaller of the two, in everything.
    pub(super) fn least(&self, other: &Self) -> Self {
        self.each(other, u64::min, self.tokens.least(&other.tokens))
    }

    /// How much of such a limit it fills.
    pub(super) fn fills(&self, kind: Amount) -> u64 {
        match kind {
            Amount::Money(_) => self.cost.plus(self.held.cost).0,
            Amount::Tokens(_) => self.tokens.total().saturating_add(self.held.tokens),
        }
    }

    fn each(&self, other: &Self, by: impl Fn(u64, u64) -> u64, tokens: Tokens) -> Self {
        Self {
            tokens,
            cost: Micros(by(self.cost.0, other.cost.0)),
            unpriced: by(self.unpriced, other.unpriced),
            held: Estimate {
                cost: Micros(by(self.held.cost.0, other.held.cost.0)),
                tokens: by(self.held.tokens, other.held.tokens),
            },
            attempts: by(self.attempts, other.attempts),
        }
    }
}

/// What a day's sum is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// Day, `2026-11-21`.
    pub day: String,
    /// Workspace.
    pub workspace: String,
    /// Agent.
    pub agent: String,
    /// Provider.
    pub provider: String,
    /// Model.
    pub model: String,
}

impl RowKey {
    pub(super) fn text(&self) -> String {
        let parts = [&self.day, &self.workspace, &self.agent, &self.provider, &self.model];
        parts.map(String::as_str).join(BETWEEN)
    }
}

/// The sum of one day, workspace, agent, provider and model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRecord {
    /// Of what.
    #[serde(flatten)]
    pub of: RowKey,
    /// How much.
    pub part: Part,
}

/// How far the account of an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its estimate is reserved.
    Open,
    /// It ended, and what it used is booked.
    Settled,
    /// Its reservation was given back; what was seen by then stays booked.
    Released,
}

/// What one model used of an attempt on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Day.
    pub day: String,
    /// Model.
    pub model: String,
    /// How much.
    pub part: Part,
}

/// The account of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Workspace.
    pub workspace: String,
    /// Agent.
    pub agent: String,
    /// Provider.
    pub provider: String,
    /// Model it was started with.
    pub model: String,
    /// What it was thought to use.
    pub estimate: Estimate,
    /// How far.
    pub state: State,
    /// Day it was reserved on.
    pub day: String,
    /// What it used.
    #[serde(default)]
    pub rows: Vec<Row>,
}

impl Attempt {
    /// All it used.
    #[must_use]
    pub fn sum(&self) -> Part {
        self.rows.iter().fold(Part::default(), |sum, row| sum.plus(&row.part))
    }

    /// What of its estimate is still reserved.
    #[must_use]
    pub fn reserved(&self) -> Estimate {
        let sum = self.sum();
        let left = Estimate {
            cost: self.estimate.cost.minus(sum.cost),
            tokens: self.estimate.tokens.saturating_sub(sum.tokens.total()),
        };
        if self.state == State::Open { left } else { Estimate::default() }
    }

    /// Day of the last thing it used.
    pub(super) fn last_day(&self) -> &str {
        let days = self.rows.iter().map(|row| row.day.as_str()).filter(|day| *day != EARLIER);
        days.max().map_or(self.day.as_str(), |day| day.max(&self.day))
    }
}

/// The account of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Id of the task.
    pub task: String,
    /// Its attempts by number.
    pub attempts: BTreeMap<u32, Attempt>,
}

impl TaskRecord {
    /// All it used.
    #[must_use]
    pub fn sum(&self) -> Part {
        self.attempts.values().fold(Part::default(), |sum, attempt| sum.plus(&attempt.sum()))
    }
}

impl Record for DayRecord {
    const KIND: &'static str = "meter-day";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.of.text()
    }
}

impl Record for TaskRecord {
    const KIND: &'static str = "meter-task";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.task.clone()
    }
}

impl Record for Counter {
    const KIND: &'static str = "meter-counter";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        [self.session.as_str(), &self.model].join(BETWEEN)
    }
}

impl Record for Gate {
    const KIND: &'static str = "meter-gate";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.provider.clone()
    }
}
