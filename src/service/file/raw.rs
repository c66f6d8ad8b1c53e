//! The tables as they are written, with the place of every value that can be wrong.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    define::{Any, OneOrMany, Text},
    service::probe::RawProbe,
};

/// What the services read of a `gaia.toml`; everything else in it is the session's.
#[derive(Debug, Deserialize)]
pub(super) struct RawFile {
    #[serde(default)]
    pub(super) services: BTreeMap<Spanned<String>, Spanned<RawService>>,
    pub(super) dir: Option<Text>,
    #[serde(default)]
    pub(super) env: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) env_files: Vec<Text>,
    #[serde(default)]
    pub(super) pass_env: Vec<String>,
}

/// A service: a program that is kept running.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawService {
    /// One line about a catalog entry.
    // Read by nobody here: it stands where a catalog is read by people.
    pub(super) description: Option<String>,
    /// A catalog entry to build on, e.g. `postgres`; everything else here overrides it.
    #[serde(rename = "use")]
    #[schemars(with = "Option<String>")]
    pub(super) uses: Option<Text>,
    /// A line for `sh -c`.
    #[schemars(with = "Option<String>")]
    pub(super) run: Option<Text>,
    /// Program and arguments; no shell is involved.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) command: Option<Spanned<Vec<String>>>,
    /// `simple` (default): it runs until stopped; `oneshot`: it does its work and ends;
    /// `forking`: its first process leaves the real one behind (give `pid_file`).
    #[serde(rename = "type")]
    #[schemars(with = "Option<String>")]
    pub(super) kind: Option<Text>,
    /// File in which a `forking` service writes its pid.
    #[schemars(with = "Option<String>")]
    pub(super) pid_file: Option<Text>,
    /// Working folder, relative to this file.
    #[schemars(with = "Option<String>")]
    pub(super) dir: Option<Text>,
    /// Environment; `${VAR}` and `{{ services.NAME.port }}` are filled in.
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) env: BTreeMap<String, Text>,
    /// Files of `KEY=value` lines, read at each start.
    #[schemars(with = "Vec<String>")]
    pub(super) env_files: Vec<Text>,
    /// Variables taken over from whoever runs `gaia up`; `*` takes all.
    pub(super) pass_env: Vec<String>,
    /// Variables kept elsewhere: `{ file = … }`, `{ env = … }` or `{ command = [ … ] }`.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, String>>")]
    pub(super) secrets: BTreeMap<String, Any>,
    /// User that runs it (gaia must be root).
    #[schemars(with = "Option<String>")]
    pub(super) user: Option<Text>,
    /// Group that runs it.
    #[schemars(with = "Option<String>")]
    pub(super) group: Option<Text>,
    /// User that runs it when gaia itself runs as root.
    #[schemars(with = "Option<String>")]
    pub(super) user_if_root: Option<Text>,
    /// Resource limits: `nofile`, `core`, `nproc`, `as`, `fsize`, `cpu`, `data`, `stack`, `memlock`.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub(super) limits: BTreeMap<String, Spanned<u64>>,
    /// Memory of its whole process tree above which it is restarted, e.g. `512MiB`.
    #[schemars(with = "Option<String>")]
    pub(super) max_memory: Option<Text>,
    /// Its port: a number, or `auto`; exported as `PORT`.
    #[schemars(with = "Option<String>")]
    pub(super) port: Option<Any>,
    /// More ports by name, exported as `PORT_NAME`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) ports: BTreeMap<String, Any>,
    /// What must hold before it starts: `{ db = "ready" }` with `started`, `ready`, `completed`,
    /// `completed-ok`, or a table with `condition`, `log`, `healthy_for`, `required`, `on_restart`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) after: Option<Any>,
    /// Probes.
    #[schemars(with = "RawProbes")]
    pub(super) probe: RawProbes,
    /// `no`, `on-failure` (default), `on-abnormal`, `always`, `unless-stopped`.
    #[schemars(with = "Option<String>")]
    pub(super) restart: Option<Text>,
    /// First pause before a restart, `100ms` if it is left out; doubled each time.
    #[schemars(with = "Option<String>")]
    pub(super) backoff: Option<Text>,
    /// Longest pause before a restart, `30s` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) backoff_cap: Option<Text>,
    /// Restarts within `restart_window` after which it has failed; 10 if it is left out, 0 never.
    #[schemars(with = "Option<u32>")]
    pub(super) max_restarts: Option<Spanned<u32>>,
    /// `5m` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) restart_window: Option<Text>,
    /// Being ready for this long forgives earlier restarts; `10s` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) stable_after: Option<Text>,
    /// Exit codes besides 0 that are success.
    pub(super) success_codes: Option<Vec<i32>>,
    /// Exit codes that no restart can cure; 126, 127 and 78 if it is left out.
    pub(super) permanent_codes: Option<Vec<i32>>,
    /// Restart it when its readiness fails (never done otherwise).
    pub(super) restart_when_unready: Option<bool>,
    /// How it is stopped.
    #[schemars(with = "Option<RawStop>")]
    pub(super) stop: Option<RawStop>,
    /// Commands run in its pane before it.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) pre_start: Option<Any>,
    /// Commands run once it is up.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) post_start: Option<Any>,
    /// Commands run before it is stopped.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) pre_stop: Option<Any>,
    /// Time for the whole way to ready, `60s` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) start_timeout: Option<Text>,
    /// Globs whose change restarts it, or a table with `paths`, `ignore`, `debounce`.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) watch: Option<Any>,
    /// Cron pattern on which a one-shot runs again, e.g. `*/5 * * * *`.
    #[schemars(with = "Option<String>")]
    pub(super) schedule: Option<Text>,
    /// How many of it run; each has a port and a name of its own (`api#1`).
    #[schemars(with = "Option<u16>")]
    pub(super) replicas: Option<Spanned<u16>>,
    /// Profiles it belongs to; it starts only with one of them (`gaia up --profile NAME`).
    pub(super) profiles: Option<Vec<String>>,
    /// Whether `gaia up` starts it; yes if it is left out.
    pub(super) autostart: Option<bool>,
}

/// Probes by role: one, or a list of them, all of which must be good.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawProbes {
    /// The gate of a start.
    #[schemars(with = "Option<RawProbe>")]
    pub(super) startup: Option<Spanned<OneOrMany<RawProbe>>>,
    /// Moves `health`, and nothing else.
    #[schemars(with = "Option<RawProbe>")]
    pub(super) ready: Option<Spanned<OneOrMany<RawProbe>>>,
    /// Restarts the service when it fails.
    #[schemars(with = "Option<RawProbe>")]
    pub(super) alive: Option<Spanned<OneOrMany<RawProbe>>>,
}

/// How a service is stopped.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawStop {
    /// Signal to its process group, `TERM` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) signal: Option<Text>,
    /// Keys typed into its pane instead, e.g. `["C-c"]`.
    pub(super) keys: Option<Vec<String>>,
    /// Command run instead.
    #[schemars(with = "Option<String>")]
    pub(super) command: Option<Any>,
    /// Time until SIGKILL to all of it, `10s` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) grace: Option<Text>,
}
