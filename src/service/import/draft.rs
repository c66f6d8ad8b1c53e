//! Services on their way from one definition to another.

use crate::{
    define::Command,
    service::model::{Condition, Policy, PortWish},
};

/// What was carried over, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) services: Vec<DraftService>,
    /// What stays behind: where it stood, and why.
    pub(crate) left: Vec<String>,
}

/// A service to be written; what is empty is left out. Values of `env` are in gaia's own way of
/// writing, commands hold no `{{` that gaia would not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DraftService {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) uses: Option<String>,
    pub(crate) command: Option<Command>,
    pub(crate) oneshot: bool,
    pub(crate) dir: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) env_files: Vec<String>,
    pub(crate) pass_env: Vec<String>,
    /// Variables and the shell lines that print their values.
    pub(crate) secrets: Vec<(String, String)>,
    pub(crate) user: Option<String>,
    pub(crate) limits: Vec<(String, u64)>,
    pub(crate) ports: Vec<(String, PortWish)>,
    pub(crate) after: Vec<DraftAfter>,
    pub(crate) ready: Option<DraftProbe>,
    pub(crate) alive: Option<DraftProbe>,
    pub(crate) restart: Option<Policy>,
    pub(crate) backoff_ms: Option<u64>,
    pub(crate) backoff_cap_ms: Option<u64>,
    pub(crate) max_restarts: Option<u32>,
    pub(crate) restart_window_ms: Option<u64>,
    pub(crate) success_codes: Vec<i32>,
    pub(crate) restart_when_unready: bool,
    pub(crate) stop: DraftStop,
    pub(crate) start_timeout_ms: Option<u64>,
    pub(crate) watch: Option<DraftWatch>,
    pub(crate) schedule: Option<String>,
    pub(crate) replicas: u16,
    pub(crate) profiles: Vec<String>,
    pub(crate) by_hand: bool,
}

/// What must hold before a service starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DraftAfter {
    pub(crate) service: String,
    pub(crate) condition: Condition,
    pub(crate) optional: bool,
}

/// A probe to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DraftProbe {
    pub(crate) check: DraftCheck,
    pub(crate) interval_ms: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) start_period_ms: Option<u64>,
    pub(crate) start_interval_ms: Option<u64>,
    pub(crate) failures: Option<u32>,
    pub(crate) successes: Option<u32>,
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DraftCheck {
    Http { url: String, status: Option<u16>, headers: Vec<(String, String)> },
    Tcp(String),
    Exec(Command),
}

impl DraftProbe {
    /// A probe that asks this as often as gaia does by itself.
    pub(crate) fn new(check: DraftCheck) -> Self {
        Self {
            check,
            interval_ms: None,
            timeout_ms: None,
            start_period_ms: None,
            start_interval_ms: None,
            failures: None,
            successes: None,
        }
    }
}

impl DraftCheck {
    /// What it runs, if it runs something.
    pub(crate) fn command(&self) -> Option<&Command> {
        match self {
            Self::Exec(command) => Some(command),
            Self::Http { .. } | Self::Tcp(_) => None,
        }
    }
}

/// How a service is stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DraftStop {
    pub(crate) signal: Option<String>,
    pub(crate) command: Option<Command>,
    pub(crate) grace_ms: Option<u64>,
}

/// Files whose change restarts a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DraftWatch {
    pub(crate) paths: Vec<String>,
    pub(crate) ignore: Vec<String>,
    pub(crate) debounce_ms: Option<u64>,
}
