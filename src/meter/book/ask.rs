use super::super::{budget::Estimate, record::Part, usage::Usage};

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Id of the task.
    pub task: String,
    /// Number of the attempt, from 1.
    pub attempt: u32,
}

/// What is asked before an attempt starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which attempt.
    pub key: Key,
    /// Who is to do it.
    pub agent: String,
    /// Who sells the model.
    pub provider: String,
    /// The model it starts with.
    pub model: String,
    /// The workspace.
    pub workspace: String,
    /// Today, as the days are counted: `2026-11-21`.
    pub day: String,
    /// What it is thought to use; see [`super::Book::estimate`].
    pub estimate: Estimate,
}

/// What was seen of an attempt that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which attempt.
    pub key: Key,
    /// Today.
    pub day: String,
    /// The model that used it.
    pub model: String,
    /// How much.
    pub reading: Reading,
}

/// How a program tells what it used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// All of this attempt so far.
    Total(Usage),
    /// So much more than before: one step, one message.
    More(Usage),
    /// A report that grows over every run of a session.
    Counter {
        /// Id of the session.
        session: String,
        /// The report.
        report: Usage,
        /// What of it grows.
        grows: Grows,
    },
}

/// What of a report grows over every run of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grows {
    /// Tokens and cost.
    All,
    /// The cost; the tokens are all of this attempt.
    Cost,
}

/// How the account of an attempt ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Final {
    /// With a last reading of each model, or none if what was seen is all.
    Reported(Vec<(String, Reading)>),
    /// It should have told what it used and did not: what is left of its estimate stays reserved.
    Silent,
}

/// What became of a settlement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Booked: all that the attempt used.
    Booked(Part),
    /// It was settled before; nothing changed.
    Before,
    /// Nothing is reserved for this attempt; nothing changed.
    Unknown,
}
