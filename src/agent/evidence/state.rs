use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its program was started and has shown nothing that can be read yet.
    Starting,
    /// It thinks, answers or runs a tool.
    Working,
    /// It goes on only when a person acts.
    Waiting(Need),
    /// It waits for a prompt.
    Idle,
    /// Its provider refuses work until a time, in the provider's own words.
    Limited {
        /// When it ends, if that was told.
        until: Option<String>,
    },
    /// Its last turn ended in an error.
    Failed,
    /// It tries again by itself after an error.
    Retrying,
    /// It claims to work, and nothing has moved for the silence limit of its make.
    Stalled,
    /// Its program has ended.
    Exited {
        /// The exit code; none after a signal.
        code: Option<i32>,
    },
    /// Nobody saw how its program ended.
    Lost,
    /// Nothing fits.
    Unknown,
}

/// What a waiting agent needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Leave to do something.
    Permission,
    /// An answer to a dialog of its program: trust, log-in, a first run.
    Dialog,
    /// An answer to a question of the model.
    Question,
}

/// Where a state was read, the best first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The process itself: started, ended.
    Process,
    /// A hook of the agent's program.
    Hook,
    /// The title of the pane.
    Title,
    /// The screen.
    Screen,
    /// Time that passed without a sign.
    Silence,
}

impl State {
    /// The states that a rule may mean.
    pub(crate) const WORDS: [&str; 9] = [
        "working",
        "waiting(permission)",
        "waiting(dialog)",
        "waiting(question)",
        "idle",
        "limited",
        "failed",
        "retrying",
        "unknown",
    ];

    /// The state that a rule means by a word.
    pub(crate) fn of_rule(word: &str) -> Option<Self> {
        Some(match word {
            "working" => Self::Working,
            "waiting(permission)" => Self::Waiting(Need::Permission),
            "waiting(dialog)" => Self::Waiting(Need::Dialog),
            "waiting(question)" => Self::Waiting(Need::Question),
            "idle" => Self::Idle,
            "limited" => Self::Limited { until: None },
            "failed" => Self::Failed,
            "retrying" => Self::Retrying,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }

    /// Whether its program is gone.
    #[must_use]
    pub fn ended(&self) -> bool {
        match self {
            Self::Exited { .. } | Self::Lost => true,
            Self::Starting
            | Self::Working
            | Self::Waiting(_)
            | Self::Idle
            | Self::Limited { .. }
            | Self::Failed
            | Self::Retrying
            | Self::Stalled
            | Self::Unknown => false,
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Working => f.write_str("working"),
            Self::Waiting(Need::Permission) => f.write_str("waiting(permission)"),
            Self::Waiting(Need::Dialog) => f.write_str("waiting(dialog)"),
            Self::Waiting(Need::Question) => f.write_str("waiting(question)"),
            Self::Idle => f.write_str("idle"),
            Self::Limited { until: None } => f.write_str("limited"),
            Self::Limited { until: Some(until) } => write!(f, "limited(until {until})"),
            Self::Failed => f.write_str("failed"),
            Self::Retrying => f.write_str("retrying"),
            Self::Stalled => f.write_str("stalled"),
            Self::Exited { code: Some(code) } => write!(f, "exited({code})"),
            Self::Exited { code: None } => f.write_str("exited(by a signal)"),
            Self::Lost => f.write_str("lost"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
