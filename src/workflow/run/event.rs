use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{InstanceId, State};
use crate::{
    base::Moment,
    meter::{Micros, Tokens},
};

/// Something that happened in a run. The journal of a run is a list of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    /// It began: its steps are there.
    Began,
    /// An attempt is to be made; whatever is done for it is done after this.
    Intended {
        /// Which.
        at: InstanceId,
        /// Which try, from 1.
        attempt: u32,
        /// Boot id of the machine.
        boot: String,
    },
    /// The attempt became something that has a name of its own.
    Linked {
        /// Which.
        at: InstanceId,
        /// The name.
        to: String,
    },
    /// The steps inside of it are there.
    Opened {
        /// Which.
        at: InstanceId,
    },
    /// It is done once for each of these.
    Expanded {
        /// Which.
        at: InstanceId,
        /// What each is known by, and the value.
        items: Vec<(String, Value)>,
    },
    /// It is done one more time.
    Repeated {
        /// Which.
        at: InstanceId,
    },
    /// The attempt shall end.
    Stopping {
        /// Which.
        at: InstanceId,
        /// Why.
        class: Class,
    },
    /// What it gave back does not fit; it is asked again.
    AskedAgain {
        /// Which.
        at: InstanceId,
        /// What is wrong.
        error: String,
    },
    /// The attempt ended, and not well.
    Ended {
        /// Which.
        at: InstanceId,
        /// How.
        class: Class,
        /// Why, in words.
        why: String,
        /// What it cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<Micros>,
        /// What it used.
        #[serde(default, skip_serializing_if = "is_nothing")]
        tokens: Tokens,
        /// What it gave back nevertheless.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Value>,
    },
    /// It waits for a moment.
    Waits {
        /// Which.
        at: InstanceId,
        /// Until then.
        until: Moment,
    },
    /// It waits for a person.
    Held {
        /// Which.
        at: InstanceId,
        /// What about.
        about: About,
        /// In words.
        why: String,
    },
    /// It ended well.
    Done {
        /// Which.
        at: InstanceId,
        /// What it gave back.
        output: Value,
        /// What it cost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<Micros>,
        /// What it used.
        #[serde(default, skip_serializing_if = "is_nothing")]
        tokens: Tokens,
    },
    /// It failed for good.
    Failed {
        /// Which.
        at: InstanceId,
        /// Why.
        why: String,
    },
    /// It is not done.
    Skipped {
        /// Which.
        at: InstanceId,
        /// Why.
        why: String,
    },
    /// It is not wanted any more.
    Dropped {
        /// Which.
        at: InstanceId,
        /// Why.
        why: String,
    },
    /// The run is not wanted any more.
    CancelAsked {
        /// By whom, or by what.
        by: String,
        /// How it is to end.
        state: State,
    },
    /// It has cost more than it may; a person is asked.
    OverBudget {
        /// In words.
        why: String,
    },
    /// A person let it go on beyond its budget.
    Waived,
    /// Nothing new is begun, or it goes on.
    Paused {
        /// Which of the two.
        paused: bool,
    },
    /// The steps at its end are there.
    Finally,
    /// These are done anew.
    Reset {
        /// Which.
        these: Vec<InstanceId>,
    },
    /// It is over.
    Finished {
        /// How.
        state: State,
        /// What it gives back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Value>,
    },
}

impl Event {
    /// Whether others than the run hear of it: the ledger has a fact for it.
    pub(crate) fn is_told(&self) -> bool {
        matches!(
            self,
            Self::Began
                | Self::Finished { .. }
                | Self::Paused { .. }
                | Self::CancelAsked { .. }
                | Self::Reset { .. }
                | Self::Failed { .. }
                | Self::Held { .. }
                | Self::Ended { .. }
        )
    }

    /// Whether it is about the run as a whole: its head changes with it.
    pub(crate) fn is_of_the_whole(&self) -> bool {
        match self {
            Self::Began
            | Self::CancelAsked { .. }
            | Self::OverBudget { .. }
            | Self::Waived
            | Self::Paused { .. }
            | Self::Reset { .. }
            | Self::Finished { .. } => true,
            Self::Ended { cost, .. } | Self::Done { cost, .. } => cost.is_some(),
            Self::Intended { .. }
            | Self::Linked { .. }
            | Self::Opened { .. }
            | Self::Expanded { .. }
            | Self::Repeated { .. }
            | Self::Stopping { .. }
            | Self::AskedAgain { .. }
            | Self::Waits { .. }
            | Self::Held { .. }
            | Self::Failed { .. }
            | Self::Skipped { .. }
            | Self::Dropped { .. }
            | Self::Finally => false,
        }
    }
}

fn is_nothing(tokens: &Tokens) -> bool {
    *tokens == Tokens::default()
}

/// How an attempt ended, in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It took too long, or was silent too long.
    Timeout,
    /// Nobody knows how.
    Lost,
    /// What it gave back does not fit.
    OutputInvalid,
    /// It could not be begun, e.g. a value it needs is not there.
    Input,
    /// It was not wanted any more.
    Cancelled,
    /// A person said no.
    Refused,
    /// Anything else.
    Failed,
}

/// What a person is asked about an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum About {
    /// It failed.
    Error,
    /// Nobody knows how it ended.
    Lost,
    /// Its loop came to its last time.
    Exhausted,
    /// The run has used up its budget.
    Budget,
}

impl About {
    /// One word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Lost => "lost",
            Self::Exhausted => "exhausted",
            Self::Budget => "budget",
        }
    }
}

/// How an attempt ended, as the shell tells it to the machine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    /// Well, or how not and why.
    pub(crate) result: Result<(), (Class, String)>,
    /// What it gave back.
    pub(crate) output: Map<String, Value>,
    /// What it cost.
    pub(crate) cost: Option<Micros>,
    /// What it used.
    pub(crate) tokens: Tokens,
}

impl End {
    /// It ended well with these outputs.
    pub(crate) fn good(output: Map<String, Value>) -> Self {
        Self { result: Ok(()), output, cost: None, tokens: Tokens::default() }
    }

    /// It did not end well.
    pub(crate) fn bad(class: Class, why: impl Into<String>) -> Self {
        let result = Err((class, why.into()));
        Self { result, output: Map::new(), cost: None, tokens: Tokens::default() }
    }
}

/// One line of a journal: what was decided in one step, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Told {
    /// Place in the journal of its run, from 1.
    pub(crate) seq: u64,
    /// When.
    pub(crate) at: Moment,
    /// What happened.
    pub(crate) events: Vec<Event>,
}
