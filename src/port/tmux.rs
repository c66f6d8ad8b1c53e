use std::path::PathBuf;

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::watch;

use crate::base::UnitId;

/// gaia's private tmux server, as far as gaia needs it. Everything is addressed by tmux's own ids
/// (`$1`, `@2`, `%3`), never by name. All text is taken literally: the adapter doubles `#`.
#[async_trait]
pub trait Tmux: Send + Sync {
    /// Starts the server if none runs, with the keeper session, and says which one it is.
    async fn ensure(&self) -> Result<Server, TmuxError>;
    /// Every pane of the server but the keeper's, one entry per pane.
    async fn list(&self) -> Result<Listing, TmuxError>;
    /// Makes a pane that runs `pane.argv` at `place`, and tags it with its unit.
    async fn make(&self, place: Place, pane: NewPane) -> Result<Made, TmuxError>;
    /// Arranges the panes of a window: a tmux layout name or layout string.
    async fn arrange(&self, window: &str, layout: &str) -> Result<(), TmuxError>;
    /// Gives a session (`$1`) or a window (`@2`) a name.
    async fn rename(&self, target: &str, name: &str) -> Result<(), TmuxError>;
    /// Gives a pane a title.
    async fn title(&self, pane: &str, title: &str) -> Result<(), TmuxError>;
    /// Sets a user option: `target` is a session, window or pane id, `key` starts with `@gaia_`.
    async fn tag(&self, target: &str, key: &str, value: &str) -> Result<(), TmuxError>;
    /// Makes a window and a pane of it the current ones of their session.
    async fn focus(&self, pane: &str) -> Result<(), TmuxError>;
    /// Ends a session (`$1`), window (`@2`) or pane (`%3`); one that is gone is no fault.
    async fn kill(&self, target: &str) -> Result<(), TmuxError>;
    /// What a pane shows.
    async fn capture(&self, pane: &str, how: Capture) -> Result<Vec<u8>, TmuxError>;
    /// Presses keys by tmux's names for them (`C-c`, `Enter`), in a pane that has no shim too.
    async fn keys(&self, pane: &str, keys: &[String]) -> Result<(), TmuxError>;
    /// Pastes text of any size into a pane that has no shim.
    async fn paste(&self, pane: &str, text: &[u8]) -> Result<(), TmuxError>;
    /// Ends the server. Units with `keep` go on; stop them first where that is not wanted.
    async fn kill_server(&self) -> Result<(), TmuxError>;
    /// The command line that attaches a terminal to the session of this name.
    fn attach_argv(&self, session: &str, read_only: bool) -> Vec<String>;
    /// Counts up whenever the structure may have changed or the server went away; hints only, the
    /// truth is [`Tmux::list`].
    fn changes(&self) -> watch::Receiver<u64>;
}

/// Which server runs: ids of tmux mean nothing without it, they start at 0 again in a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Process id.
    pub pid: i32,
    /// `#{start_time}`, seconds since the Unix epoch.
    pub start: u64,
    /// What `tmux -V` says, e.g. `3.3a`.
    pub version: String,
    /// Whether this call started it.
    pub fresh: bool,
}

/// What a server shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Process id of the server that answered.
    pub server: i32,
    /// Its panes.
    pub panes: Vec<SeenPane>,
}

/// Where a new pane goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// First window of a new session of this name and size.
    Session {
        /// Name, checked by [`Name`](crate::base::Name).
        name: String,
        /// Name of the window.
        window: String,
        /// Columns.
        cols: u16,
        /// Rows.
        rows: u16,
    },
    /// A new window at the end of the session `$1`.
    Window {
        /// The session.
        session: String,
        /// Name of the window.
        window: String,
    },
    /// Beside the last pane of the window `@2`.
    Split {
        /// The window.
        window: String,
    },
}

/// A pane to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPane {
    /// Its unit, kept as the pane's `@gaia_id`.
    pub unit: UnitId,
    /// Program and arguments, run by exec.
    pub argv: Vec<String>,
    /// Working folder.
    pub cwd: PathBuf,
    /// Title, shown in the pane's border.
    pub title: String,
}

/// Ids of what was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// `$1`
    pub session: String,
    /// `@2`
    pub window: String,
    /// `%3`
    pub pane: String,
}

/// A pane as tmux shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenPane {
    /// `$1`
    pub session: String,
    /// Present name of the session.
    pub session_name: String,
    /// `@2`
    pub window: String,
    /// Place of the window in its session.
    pub window_index: u32,
    /// Present name of the window.
    pub window_name: String,
    /// `%3`
    pub pane: String,
    /// Place of the pane in its window.
    pub pane_index: u32,
    /// Its unit (`@gaia_id`), unless a person made the pane.
    pub unit: Option<UnitId>,
    /// The window's `@gaia_win`.
    pub window_tag: String,
    /// The session's `@gaia_ws`.
    pub session_tag: String,
    /// Title.
    pub title: String,
    /// Process that tmux started in it.
    pub pid: i32,
    /// Whether tmux holds it as dead.
    pub dead: bool,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// `#{window_layout}`
    pub layout: String,
    /// Whether it is the current pane of its window.
    pub active: bool,
    /// Whether its window is the current one of its session.
    pub window_active: bool,
    /// Terminals attached to its session.
    pub attached: u32,
    /// Last activity of its session, seconds since the Unix epoch.
    pub activity: u64,
    /// Whether it is in copy mode or another mode.
    pub in_mode: bool,
}

/// How much of a pane to show, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capture {
    /// Lines of history above the screen; 0 for the screen alone.
    pub history: u32,
    /// Keep colours as escape sequences.
    pub ansi: bool,
}

/// tmux refused, is too old, or is not there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TmuxError {
    /// No tmux in PATH.
    #[error("tmux is not installed (looked in PATH)")]
    Missing,
    /// A tmux below 3.2a.
    #[error("tmux {0} is too old: gaia needs 3.2a or later")]
    TooOld(String),
    /// The target is gone.
    #[error("tmux has no such pane, window or session any more: {0}")]
    Gone(String),
    /// The window has no room for another pane.
    #[error("no space for a new pane")]
    NoSpace,
    /// Anything else, in tmux's words.
    #[error("tmux {command} failed: {reason}")]
    Failed {
        /// The tmux command.
        command: String,
        /// What tmux said.
        reason: String,
    },
}
