//! The file as it is written, with the place of every value that can be wrong.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    base::unit::{OnExit, OnServerExit},
    define::Text,
};

/// `gaia.toml`, or a layout in `sessions/`: a session of windows and panes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "gaia.toml")]
pub(super) struct RawFile {
    /// Name of the session; the name of the folder if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Text>,
    /// One line about a layout, shown where layouts are listed.
    #[serde(default)]
    #[expect(dead_code, reason = "read by `description`, kept here so that it is no unknown key")]
    pub(super) description: Option<String>,
    /// A layout to start from; its windows come first, a window of the same name replaces one.
    #[schemars(with = "Option<String>")]
    pub(super) extends: Option<Text>,
    /// Working folder, relative to this file.
    #[schemars(with = "Option<String>")]
    pub(super) dir: Option<Text>,
    /// Environment of all panes; `${VAR}` and `${VAR:-default}` are filled in.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) env: BTreeMap<String, Text>,
    /// Files of `KEY=value` lines, read in order.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) env_files: Vec<Text>,
    /// Variables taken over from whoever runs `gaia up`; `*` takes all.
    #[serde(default)]
    pub(super) pass_env: Vec<String>,
    /// Windows, in order.
    #[serde(default)]
    #[schemars(with = "Vec<RawWindow>")]
    pub(super) windows: Vec<Spanned<RawWindow>>,
    /// Services by name; read by the services, each gets a window of its own unless a pane shows
    /// it.
    #[serde(default)]
    #[schemars(skip)]
    pub(super) services: toml::Table,
    /// Agents by name; read by the agents.
    #[serde(default)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read by the agents, kept here so that it is no unknown key")]
    pub(super) agents: toml::Table,
    /// How tasks are done; read by the agents.
    #[serde(default)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read by the agents, kept here so that it is no unknown key")]
    pub(super) tasks: toml::Table,
    /// What starts runs; read by the triggers.
    #[serde(default)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read by the triggers, kept here so that it is no unknown key")]
    pub(super) triggers: Option<toml::Value>,
    /// What starts runs, in other words; read by the triggers.
    #[serde(default)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read by the triggers, kept here so that it is no unknown key")]
    pub(super) schedules: Option<toml::Value>,
    /// What every agent may touch; read by the agents.
    #[serde(default)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read by the agents, kept here so that it is no unknown key")]
    pub(super) fence: toml::Table,
}

/// A window.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWindow {
    /// Name, unique in the session; `window-N` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Text>,
    /// `tiled`, `even-horizontal`, `even-vertical`, `main-horizontal`, `main-vertical`, or a
    /// layout string as tmux prints it.
    #[schemars(with = "Option<String>")]
    pub(super) layout: Option<Text>,
    /// Shown first when a terminal attaches.
    #[schemars(with = "Option<bool>")]
    pub(super) focus: Option<Spanned<bool>>,
    /// Working folder, relative to the session's.
    #[schemars(with = "Option<String>")]
    pub(super) dir: Option<Text>,
    /// Environment of all panes of this window.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) env: BTreeMap<String, Text>,
    /// Env files of all panes of this window.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) env_files: Vec<Text>,
    /// Variables taken over.
    #[serde(default)]
    pub(super) pass_env: Vec<String>,
    /// Panes, in order; one shell if there is none.
    #[serde(default)]
    #[schemars(with = "Vec<RawPane>")]
    pub(super) panes: Vec<Spanned<RawPane>>,
}

/// A pane. With neither `run` nor `command` it is a shell.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPane {
    /// Name, unique in the window; that of its program if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Text>,
    /// A line for `sh -c`.
    #[schemars(with = "Option<String>")]
    pub(super) run: Option<Text>,
    /// Program and arguments; no shell is involved.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) command: Option<Spanned<Vec<String>>>,
    /// A service of this workspace that the pane shows, instead of running something.
    #[schemars(with = "Option<String>")]
    pub(super) service: Option<Text>,
    /// Working folder, relative to the window's.
    #[schemars(with = "Option<String>")]
    pub(super) dir: Option<Text>,
    /// Environment of this pane.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) env: BTreeMap<String, Text>,
    /// Env files of this pane.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) env_files: Vec<Text>,
    /// Variables taken over.
    #[serde(default)]
    pub(super) pass_env: Vec<String>,
    /// The current pane of its window.
    #[schemars(with = "Option<bool>")]
    pub(super) focus: Option<Spanned<bool>>,
    /// `keep` the pane when its program ends (default), `close` it, or `restart` the program.
    #[serde(default)]
    pub(super) on_exit: OnExit,
    /// `keep` the program when the tmux server dies (default), or `stop` it.
    #[serde(default)]
    pub(super) on_server_exit: OnServerExit,
    /// `gaia session restore` runs it again without asking.
    #[serde(default)]
    pub(super) autostart: bool,
    /// How its program is stopped.
    pub(super) stop: Option<RawStop>,
    /// Resource limits: `nofile`, `core`, `nproc`, `as`, `fsize`, `cpu`, `data`, `stack`, `memlock`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, u64>")]
    pub(super) limits: BTreeMap<String, Spanned<u64>>,
}

/// How a program is stopped.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStop {
    /// Signal, `TERM` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) signal: Option<Text>,
    /// Time until SIGKILL, e.g. `5s`.
    #[schemars(with = "Option<String>")]
    pub(super) grace: Option<Text>,
}

/// JSON Schema of `gaia.toml`, for editors.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(RawFile).to_value()
}
