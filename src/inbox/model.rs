//! The nouns: what waits for a person, what a person says to it, what a person is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{ItemId, Moment, Name};

/// What an item is about.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An agent wants to know something.
    Question,
    /// An agent wants to do something that its rules leave to a person.
    Permission,
    /// A step waits for a person's yes.
    Approval,
    /// A budget is used up.
    Budget,
    /// Work cannot be brought together without a decision.
    Conflict,
    /// An agent left its fence.
    Fence,
    /// Nobody can tell whether something arrived.
    Delivery,
}

impl Kind {
    /// Every kind, by its word.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Question, "question"),
        (Self::Permission, "permission"),
        (Self::Approval, "approval"),
        (Self::Budget, "budget"),
        (Self::Conflict, "conflict"),
        (Self::Fence, "fence"),
        (Self::Delivery, "delivery"),
    ];

    /// The kind in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// Whether yes or no is an answer.
    #[must_use]
    pub fn takes_verdict(self) -> bool {
        self != Self::Question
    }

    /// Whether free words are an answer.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(self, Self::Question | Self::Conflict)
    }
}

/// One of the answers a person may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// Stable word, e.g. `always`.
    pub id: String,
    /// What a person reads.
    pub words: String,
}

/// What a person says; at least one part is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// In their own words
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Id of the choice
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// Yes or no
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<bool>,
    /// Why
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Answer {
    /// An answer in a person's own words.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// Yes or no.
    #[must_use]
    pub fn verdict(allow: bool, reason: Option<String>) -> Self {
        Self { allow: Some(allow), reason, ..Self::default() }
    }

    /// One of the choices, by its id or its place counted from 1.
    #[must_use]
    pub fn option(option: impl Into<String>) -> Self {
        Self { option: Some(option.into()), ..Self::default() }
    }

    /// The answer in a few words.
    #[must_use]
    pub fn show(&self) -> String {
        let verdict = self.allow.map(|allow| if allow { "yes" } else { "no" });
        let parts = [verdict, self.option.as_deref(), self.text.as_deref()];
        let said = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        match &self.reason {
            Some(reason) => format!("{said} ({reason})"),
            None => said,
        }
    }
}

/// How far an item is. It leaves `open` once and never comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It waits for a person.
    Open,
    /// A person has answered.
    Answered {
        /// What they said
        answer: Answer,
        /// Who
        by: String,
        /// Which way: `cli`, `api`, `file`, the name of a channel
        via: String,
        /// When
        at: Moment,
    },
    /// Nobody answered in time.
    Expired {
        /// What is taken for the answer, if anything
        answer: Option<Answer>,
        /// When
        at: Moment,
    },
    /// It is wanted no more.
    Withdrawn {
        /// Why
        why: String,
        /// When
        at: Moment,
    },
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// What it is about.
    pub kind: Kind,
    /// Workspace it belongs to.
    pub workspace: Option<Name>,
    /// Agent that asks.
    pub agent: Option<String>,
    /// Task it is about.
    pub task: Option<String>,
    /// One line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// Answers to choose from.
    pub options: Vec<Choice>,
    /// When it was raised.
    pub raised: Moment,
    /// Until when an answer is taken.
    pub expires: Option<Moment>,
    /// What is taken for the answer then.
    pub on_expiry: Option<Answer>,
    /// How far it is.
    pub state: State,
    /// Whoever raises it again with the same key gets this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Item {
    /// Whether it waits for a person.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// What was answered, or taken for the answer.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match &self.state {
            State::Answered { answer, .. } => Some(answer),
            State::Expired { answer, .. } => answer.as_ref(),
            State::Open | State::Withdrawn { .. } => None,
        }
    }

    /// When it was closed.
    #[must_use]
    pub fn closed(&self) -> Option<Moment> {
        match self.state {
            State::Open => None,
            State::Answered { at, .. }
            | State::Expired { at, .. }
            | State::Withdrawn { at, .. } => Some(at),
        }
    }
}

/// What shall be raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// What it is about.
    pub kind: Kind,
    /// Workspace it belongs to.
    pub workspace: Option<Name>,
    /// Agent that asks.
    pub agent: Option<String>,
    /// Task it is about.
    pub task: Option<String>,
    /// One line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// Answers to choose from.
    pub options: Vec<Choice>,
    /// Until when an answer is taken.
    pub expires: Option<Moment>,
    /// What is taken for the answer then.
    pub on_expiry: Option<Answer>,
    /// Raising it twice with one key raises it once, for as long as the first is kept.
    pub key: Option<String>,
}

impl NewItem {
    /// An item of nobody's with a title and nothing else.
    #[must_use]
    pub fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self {
            kind,
            workspace: None,
            agent: None,
            task: None,
            title: title.into(),
            body: String::new(),
            options: vec![],
            expires: None,
            on_expiry: None,
            key: None,
        }
    }
}

/// How much a notice matters.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know.
    #[default]
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must look now.
    Urgent,
}

impl Level {
    /// The level in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Urgent => "urgent",
        }
    }
}

/// Something a person is told and need not answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notice {
    /// Stable word, e.g. `service-failed`.
    pub kind: String,
    /// How much it matters.
    pub level: Level,
    /// One line.
    pub title: String,
    /// The rest.
    pub body: String,
    /// Workspace it belongs to.
    pub workspace: Option<Name>,
    /// Agent it is about.
    pub agent: Option<String>,
    /// Task it is about.
    pub task: Option<String>,
}

/// Who answers, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// User name.
    pub by: String,
    /// `cli`, `api`, `file`, the name of a channel.
    pub via: String,
}
