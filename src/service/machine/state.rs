use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{By, health::Counter};
use crate::base::Moment;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Desired {
    /// It shall run.
    Up,
    /// It shall not run.
    Down,
    /// It shall run this once, however it ends.
    Once,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// Not wanted, no process.
    Down,
    /// Waits for what it depends on; says what is missing.
    Waiting(Vec<String>),
    /// Something it depends on cannot become good now.
    Blocked(Vec<String>),
    /// Its ports are looked at and its `pre_start` commands run.
    Preparing,
    /// It runs, its gate has not passed.
    Starting,
    /// It is up.
    Running,
    /// It is being stopped.
    Stopping {
        /// What for.
        why: StopWhy,
        /// When that began.
        since: Moment,
    },
    /// It waits to be started again.
    Backoff {
        /// When, by the clock on the wall.
        until: Moment,
        /// Which attempt that will be.
        attempt: u32,
    },
    /// It has ended, and need not run again.
    Completed(Ended),
    /// A person must look.
    Failed(Why),
    /// Something of it may still run, and gaia cannot tell: it never starts a second one.
    Lost,
}

/// Why it is being stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StopWhy {
    /// Somebody asked.
    User,
    /// To be started again.
    Restart,
    /// It was not ready in time.
    StartTimeout,
    /// A liveness probe failed.
    Unhealthy(String),
    /// It went over a limit.
    Limit(String),
    /// It ended and left processes behind.
    Sweep,
}

/// Why it has failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    /// It ended more often than its limit allows.
    CrashLoop(String),
    /// It ended in a way that no restart can cure.
    Permanent(String),
    /// It could not be started.
    NotStarted(String),
    /// It ended badly, and its policy is not to start it again.
    Ended(String),
}

/// How it feels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Health {
    /// Nobody knows.
    Unknown,
    /// It has not been ready in this incarnation.
    Starting,
    /// It is ready.
    Ready,
    /// It was ready, and is not now.
    NotReady {
        /// Since when.
        since: Moment,
        /// What the probe says.
        error: String,
    },
}

/// How one incarnation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Ended {
    /// Which one.
    pub(crate) incarnation: u32,
    /// How.
    pub(crate) how: How,
    /// No restart can cure it.
    pub(crate) permanent: bool,
    /// Processes it started still run.
    pub(crate) left: bool,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// gaia stopped it; code or signal.
    Stopped(Option<i32>, Option<i32>),
    /// A person closed its pane.
    Closed,
    /// It could not be started.
    NotStarted(String),
    /// gaia stopped it because it was no good.
    Unfit(String),
    /// Nobody knows.
    Unknown,
}

/// All that is remembered of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// What is wanted.
    pub(crate) desired: Desired,
    /// Who said so last.
    pub(crate) by: By,
    /// How far it is.
    pub(crate) phase: Phase,
    /// Since when.
    pub(crate) since: Moment,
    /// How it feels.
    pub(crate) health: Health,
    /// Newest incarnation known.
    pub(crate) incarnation: u32,
    /// When that began.
    pub(crate) started: Option<Moment>,
    /// When it was last ready for the first time in an incarnation.
    pub(crate) ready: Option<Moment>,
    /// How the newest finished incarnation ended.
    pub(crate) last: Option<Ended>,
    /// Restarts that nobody asked for, ever.
    pub(crate) restarts: u64,
    /// Restarts in a row without a stable time between them.
    pub(crate) attempt: u32,
    /// Moments of the restarts that count against the limit.
    pub(crate) ledger: Vec<Moment>,
    /// Answers of the probes, in the order of [`Rules::checks`](super::Rules).
    pub(crate) checks: Vec<Counter>,
    /// Numbers of the newest timers: older ones ring for nobody.
    #[serde(default)]
    pub(crate) pauses: u32,
    /// See `pauses`.
    #[serde(default)]
    pub(crate) stable: u32,
    /// See `pauses`.
    #[serde(default)]
    pub(crate) stops: u32,
    /// See `pauses`.
    #[serde(default)]
    pub(crate) deadline: u32,
}

impl State {
    /// A service that nobody has asked for yet.
    #[must_use]
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            desired: Desired::Down,
            by: By::Gaia,
            phase: Phase::Down,
            since: now,
            health: Health::Unknown,
            incarnation: 0,
            started: None,
            ready: None,
            last: None,
            restarts: 0,
            attempt: 0,
            ledger: vec![],
            checks: vec![],
            pauses: 0,
            stable: 0,
            stops: 0,
            deadline: 0,
        }
    }
}

impl Phase {
    /// The word for it.
    #[must_use]
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Waiting(_) => "waiting",
            Self::Blocked(_) => "blocked",
            Self::Preparing => "preparing",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping { .. } => "stopping",
            Self::Backoff { .. } => "backoff",
            Self::Completed(_) => "completed",
            Self::Failed(_) => "failed",
            Self::Lost => "lost",
        }
    }

    /// Whether a process of it may run.
    #[must_use]
    pub(crate) fn has_process(&self) -> bool {
        matches!(
            self,
            Self::Preparing | Self::Starting | Self::Running | Self::Stopping { .. } | Self::Lost
        )
    }
}

impl Health {
    /// The word for it.
    #[must_use]
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::NotReady { .. } => "not-ready",
        }
    }
}

impl StopWhy {
    /// A sentence for people.
    #[must_use]
    pub(crate) fn show(&self) -> String {
        match self {
            Self::User => "stopped on request".to_owned(),
            Self::Restart => "to be started again".to_owned(),
            Self::StartTimeout => "it was not ready in time".to_owned(),
            Self::Unhealthy(why) => format!("its liveness probe failed: {why}"),
            Self::Limit(why) => why.clone(),
            Self::Sweep => "it left processes behind".to_owned(),
        }
    }

    /// What an end is that comes while it is being stopped, by whatever means, for this.
    #[must_use]
    pub(crate) fn of(&self, how: How) -> How {
        match (self, how) {
            (Self::StartTimeout | Self::Unhealthy(_) | Self::Limit(_), _) => {
                How::Unfit(self.show())
            }
            (Self::User | Self::Restart, How::Code(code)) => How::Stopped(Some(code), None),
            (Self::User | Self::Restart, How::Signal(signal)) => How::Stopped(None, Some(signal)),
            (Self::User | Self::Restart | Self::Sweep, how) => how,
        }
    }
}

impl Ended {
    /// A sentence for people.
    #[must_use]
    pub(crate) fn show(&self) -> String {
        match &self.how {
            How::Code(code) => format!("exited with {code}"),
            How::Signal(signal) => format!("was ended by signal {signal}"),
            How::Stopped(Some(code), _) => format!("was stopped (exit code {code})"),
            How::Stopped(None, Some(signal)) => format!("was stopped (signal {signal})"),
            How::Stopped(None, None) => "was stopped".to_owned(),
            How::Closed => "its pane was closed".to_owned(),
            How::NotStarted(why) | How::Unfit(why) => why.clone(),
            How::Unknown => "ended, nobody knows how".to_owned(),
        }
    }
}

impl Why {
    /// A sentence for people.
    #[must_use]
    pub(crate) fn show(&self) -> &str {
        match self {
            Self::CrashLoop(why)
            | Self::Permanent(why)
            | Self::NotStarted(why)
            | Self::Ended(why) => why,
        }
    }
}
