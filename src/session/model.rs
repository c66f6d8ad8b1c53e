//! Nouns of the session domain: what a `gaia.toml` or a layout declares, checked and resolved.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{
    Name,
    unit::{OnExit, OnServerExit, Stop},
};
pub use crate::define::Command;

/// A session as declared: every `extends` followed, every default filled in, every path absolute.
/// Environments are *not* in here: they are resolved when a pane is made, so that no secret is
/// stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    /// Name of the session.
    pub name: Name,
    /// Folder of the workspace, absolute.
    pub dir: PathBuf,
    /// Windows in order; never empty.
    pub windows: Vec<Window>,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Window {
    /// Name, unique in its session.
    pub name: Name,
    /// How its panes are arranged.
    pub layout: Layout,
    /// Whether attaching shows this window first.
    pub focus: bool,
    /// Panes in order; never empty.
    pub panes: Vec<Pane>,
}

/// How the panes of a window are arranged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// tmux's `tiled`, the default.
    Tiled,
    /// tmux's `even-horizontal`.
    EvenHorizontal,
    /// tmux's `even-vertical`.
    EvenVertical,
    /// tmux's `main-horizontal`.
    MainHorizontal,
    /// tmux's `main-vertical`.
    MainVertical,
    /// A layout string as tmux prints it; its checksum is right and its pane count fits.
    Custom(String),
}

/// One declared place for a pane (a slot).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pane {
    /// Name, unique in its window; also its title. Unnamed panes are called after their program,
    /// numbered where needed.
    pub name: Name,
    /// What runs.
    pub command: Command,
    /// Working folder, absolute.
    pub dir: PathBuf,
    /// Environment added for this pane: session, window and pane tables merged, not yet
    /// interpolated.
    pub env: BTreeMap<String, String>,
    /// Env files read for this pane, in order, absolute; later ones win, `env` wins over all.
    pub env_files: Vec<PathBuf>,
    /// Names of variables taken over from the environment of whoever runs `gaia up`; `*` takes all.
    pub pass_env: Vec<String>,
    /// What happens when the program ends.
    pub on_exit: OnExit,
    /// What happens to the program when the tmux server dies.
    pub on_server_exit: OnServerExit,
    /// Whether `gaia session restore` runs it again without asking.
    pub autostart: bool,
    /// Whether this pane is the current one of its window.
    pub focus: bool,
    /// How it is stopped.
    pub stop: StopRule,
    /// Resource limits by setrlimit name.
    pub limits: BTreeMap<String, u64>,
    /// Added by a verb, not by the definition: `gaia up` leaves it alone.
    #[serde(default)]
    pub added: bool,
}

impl Layout {
    /// The layout as tmux takes it: one of its names, or a layout string.
    #[must_use]
    pub fn as_tmux(&self) -> &str {
        match self {
            Self::Tiled => "tiled",
            Self::EvenHorizontal => "even-horizontal",
            Self::EvenVertical => "even-vertical",
            Self::MainHorizontal => "main-horizontal",
            Self::MainVertical => "main-vertical",
            Self::Custom(text) => text,
        }
    }
}

/// How a program is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StopRule {
    /// Signal number.
    pub signal: i32,
    /// Milliseconds until SIGKILL.
    pub grace_ms: u64,
}

impl Default for StopRule {
    fn default() -> Self {
        let Stop { signal, grace_ms } = Stop::default();
        Self { signal, grace_ms }
    }
}
