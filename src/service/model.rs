//! Nouns of the service domain: what `[services.NAME]` declares, checked and resolved.

use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::probe::Probe;
use crate::base::Name;
pub(crate) use crate::define::Command;

/// One service as declared: catalog followed, defaults filled in, paths absolute.
///
/// Environments are not resolved in here, and `{{ … }}` not filled in: both happen when it starts,
/// so that no secret is stored and a port that moved is followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Service {
    /// Name, unique in its workspace.
    pub(crate) name: Name,
    /// What its end means.
    pub(crate) kind: Kind,
    /// What runs.
    pub(crate) command: Command,
    /// Working folder, absolute.
    pub(crate) dir: PathBuf,
    /// Environment, not yet filled in.
    pub(crate) env: BTreeMap<String, String>,
    /// Env files read at each start, in order, absolute.
    pub(crate) env_files: Vec<PathBuf>,
    /// Names of variables taken over from whoever runs `gaia up`; `*` takes all.
    pub(crate) pass_env: Vec<String>,
    /// Variables whose values are read where they are kept, at each start.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// User that runs it; the daemon's own if it is left out.
    pub(crate) user: Option<String>,
    /// Group that runs it; the user's own if it is left out.
    pub(crate) group: Option<String>,
    /// User that runs it when gaia itself runs as root (for programs that refuse to be root).
    pub(crate) user_if_root: Option<String>,
    /// Resource limits by setrlimit name.
    pub(crate) limits: BTreeMap<String, u64>,
    /// Bytes of memory of the whole process tree above which it is restarted.
    pub(crate) max_memory: Option<u64>,
    /// Ports by name; the main one is called `port`.
    pub(crate) ports: BTreeMap<String, PortWish>,
    /// What must hold before it starts.
    pub(crate) after: Vec<After>,
    /// Probes of the three roles.
    pub(crate) probes: Probes,
    /// When it is started again.
    pub(crate) restart: RestartRule,
    /// How it is stopped.
    pub(crate) stop: StopRule,
    /// Commands run in its pane before it, in order; one that fails is a failed start.
    pub(crate) pre_start: Vec<Command>,
    /// Commands run beside it once it is up; a failure is only noted.
    pub(crate) post_start: Vec<Command>,
    /// Commands run beside it before it is stopped; a failure is only noted.
    pub(crate) pre_stop: Vec<Command>,
    /// Milliseconds for the whole way to ready, if there is a gate.
    pub(crate) start_timeout_ms: u64,
    /// Files whose change restarts it.
    pub(crate) watch: Option<Watch>,
    /// Cron pattern on which a one-shot runs again.
    pub(crate) schedule: Option<String>,
    /// How many of it run.
    pub(crate) replicas: u16,
    /// Profiles it belongs to; with none it always does.
    pub(crate) profiles: Vec<String>,
    /// Whether `gaia up` starts it.
    pub(crate) autostart: bool,
    /// The catalog entry it builds on.
    pub(crate) uses: Option<String>,
}

/// What the end of a service means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// It runs until it is stopped.
    Simple,
    /// It does its work and ends.
    Oneshot,
    /// Its first process ends with 0 and leaves the real one, whose pid stands in this file.
    Forking(String),
}

/// Where the value of a variable is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Secret {
    /// The text of this file, without its last newline.
    File(PathBuf),
    /// This variable of whoever runs `gaia up`.
    Env(String),
    /// What this command prints, without its last newline.
    Command(Vec<String>),
}

/// A port a service wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PortWish {
    /// Any free one; the same each time, another for each workspace.
    Auto,
    /// This one.
    Fixed(u16),
}

/// One thing that must hold before a service starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct After {
    /// The service it is about.
    pub(crate) service: Name,
    /// What must hold of it.
    pub(crate) condition: Condition,
    /// Whether the start waits for it; a missing optional one is only told.
    pub(crate) required: bool,
    /// What happens to the dependent when that service is started again.
    pub(crate) on_restart: OnRestart,
}

/// What must hold of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Condition {
    /// Its program runs.
    Started,
    /// It is ready now.
    Ready,
    /// It has ended, however.
    Completed,
    /// It has ended with success.
    CompletedOk,
    /// A line of its output, since its start, matches this expression.
    Log(String),
    /// It has been ready for this many milliseconds.
    HealthyFor(u64),
}

/// What happens to a dependent when what it depends on starts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnRestart {
    /// Nothing.
    #[default]
    None,
    /// It is restarted too.
    Restart,
    /// It is stopped until that service meets the condition again.
    Stop,
}

/// The probes of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Probes {
    /// The gate of a start; while it has not passed, the others do not run.
    pub(crate) startup: Vec<Probe>,
    /// Moves `health`, and nothing else; the gate where there is no startup probe.
    pub(crate) ready: Vec<Probe>,
    /// Restarts the service when it fails.
    pub(crate) alive: Vec<Probe>,
}

/// When a service is started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RestartRule {
    /// After which ends.
    pub(crate) policy: Policy,
    /// First pause of the backoff, in milliseconds; doubled each time.
    pub(crate) first_ms: u64,
    /// Longest pause.
    pub(crate) cap_ms: u64,
    /// Restarts within the window after which it has failed; 0 never gives up.
    pub(crate) limit: u32,
    /// The window, in milliseconds.
    pub(crate) window_ms: u64,
    /// Being ready for this long forgives earlier restarts, in milliseconds.
    pub(crate) stable_ms: u64,
    /// Exit codes besides 0 that are success.
    pub(crate) success: Vec<i32>,
    /// Exit codes that no restart can cure.
    pub(crate) permanent: Vec<i32>,
    /// Health that is `not-ready` restarts it too (readiness never does otherwise).
    pub(crate) when_unready: bool,
}

/// After which ends a service is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Policy {
    /// After none.
    No,
    /// After an exit that is no success.
    OnFailure,
    /// After a signal, a timeout or a failed liveness probe, not after an exit code.
    OnAbnormal,
    /// After every end that nobody asked for.
    Always,
    /// The same, by the name compose files use.
    UnlessStopped,
}

/// How a service is stopped: keys or a command if there are some, then the signal to its process
/// group, then, after the grace time, SIGKILL to everything it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StopRule {
    /// Signal number.
    pub(crate) signal: i32,
    /// Keys typed into its pane instead of the signal, by tmux's names for them.
    pub(crate) keys: Vec<String>,
    /// Command run instead of the signal.
    pub(crate) command: Option<Command>,
    /// Milliseconds until SIGKILL, for the whole tree.
    pub(crate) grace_ms: u64,
}

/// Files whose change restarts a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Watch {
    /// Globs, seen from the folder of the service.
    pub(crate) paths: Vec<String>,
    /// Globs that do not count.
    pub(crate) ignore: Vec<String>,
    /// Milliseconds of silence before the restart.
    pub(crate) debounce_ms: u64,
}

/// One service of a home: its workspace, its name, and which of its replicas.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub(crate) struct ServiceId {
    /// Session of the workspace.
    pub(crate) workspace: Name,
    /// Name in the workspace.
    pub(crate) name: Name,
    /// Number of the replica, counted from 1, where there are several.
    pub(crate) replica: Option<u16>,
}

impl ServiceId {
    /// Its name in its workspace: `api`, or `api#2`.
    #[must_use]
    pub(crate) fn short(&self) -> String {
        match self.replica {
            None => self.name.to_string(),
            Some(number) => format!("{}#{number}", self.name),
        }
    }

    /// Name of the window it gets unless a pane shows it.
    #[must_use]
    pub(crate) fn window(&self) -> Name {
        match self.replica {
            None => self.name.clone(),
            Some(number) => Name::near(&format!("{}-{number}", self.name), "service"),
        }
    }
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.short(), self.workspace)
    }
}

/// Text that is no `NAME@WORKSPACE` or `NAME#N@WORKSPACE`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a service: write NAME, NAME#2 or NAME@WORKSPACE")]
pub(crate) struct BadServiceId(String);

impl FromStr for ServiceId {
    type Err = BadServiceId;

    fn from_str(text: &str) -> Result<Self, BadServiceId> {
        let bad = || BadServiceId(text.to_owned());
        let (short, workspace) = text.split_once('@').ok_or_else(bad)?;
        let (name, replica) = match short.split_once('#') {
            None => (short, None),
            Some((name, number)) => (name, Some(number.parse().map_err(|_| bad())?)),
        };
        let parse = |text: &str| text.parse::<Name>().map_err(|_| bad());
        Ok(Self { workspace: parse(workspace)?, name: parse(name)?, replica })
    }
}

impl TryFrom<String> for ServiceId {
    type Error = BadServiceId;
    fn try_from(text: String) -> Result<Self, BadServiceId> {
        text.parse()
    }
}

impl From<ServiceId> for String {
    fn from(id: ServiceId) -> Self {
        id.to_string()
    }
}

impl Service {
    /// The ids of its replicas in a workspace.
    #[must_use]
    pub(crate) fn ids(&self, workspace: &Name) -> Vec<ServiceId> {
        let id =
            |replica| ServiceId { workspace: workspace.clone(), name: self.name.clone(), replica };
        match self.replicas {
            1 => vec![id(None)],
            many => (1..=many).map(|number| id(Some(number))).collect(),
        }
    }

    /// Whether anything tells when it is ready.
    #[must_use]
    pub(crate) fn has_gate(&self) -> bool {
        !self.probes.startup.is_empty() || !self.probes.ready.is_empty()
    }
}

impl Default for RestartRule {
    /// The figures of supervision.md §3.3.
    fn default() -> Self {
        Self {
            policy: Policy::OnFailure,
            first_ms: 100,
            cap_ms: 30_000,
            limit: 10,
            window_ms: 300_000,
            stable_ms: 10_000,
            success: vec![],
            permanent: vec![126, 127, 78],
            when_unready: false,
        }
    }
}

impl Default for StopRule {
    fn default() -> Self {
        Self { signal: 15, keys: vec![], command: None, grace_ms: 10_000 }
    }
}
