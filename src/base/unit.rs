//! What the daemon and the shim of one pane tell each other through the unit's folder.
//!
//! `spec.json` (daemon → shim: what to run), `claim.json` (shim: who runs it), `exit.json`
//! (shim: how it ended, written before anyone is told). All are 0600 in a 0700 folder.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::fence::{Fence, Network};
use super::{Moment, UnitId};

/// Version of the three files below; raised when an old shim could misread a new file.
pub const VERSION: u16 = 1;
/// File name of [`Spec`].
pub const SPEC: &str = "spec.json";
/// File name of [`Claim`].
pub const CLAIM: &str = "claim.json";
/// File name of [`Exit`].
pub const EXIT: &str = "exit.json";
/// File that the running shim holds with flock, so that a unit never runs twice.
pub const LOCK: &str = "lock";
/// Folder of the log segments (see [`SegmentName`](super::SegmentName)).
pub const LOG: &str = "log";

/// What the shim has to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// [`VERSION`] of this file.
    pub v: u16,
    /// The unit.
    pub id: UnitId,
    /// Raised each time the spec is written anew; [`Claim::rev`] tells which one runs.
    #[serde(default)]
    pub rev: u64,
    /// The shim waits for a person's word (a key, or [`Ask::Start`](super::wire::Ask::Start))
    /// before it runs the program.
    #[serde(default)]
    pub held: bool,
    /// Program and arguments; run by exec, never by a shell of gaia's.
    pub argv: Vec<String>,
    /// Working folder, absolute.
    pub cwd: PathBuf,
    /// The whole environment of the program. May hold secrets, hence a 0600 file.
    pub env: BTreeMap<String, String>,
    /// What happens to the program when the tmux server dies.
    pub on_server_exit: OnServerExit,
    /// What happens to the pane when the program ends.
    pub on_exit: OnExit,
    /// How the program is stopped.
    pub stop: Stop,
    /// Resource limits of the program by their setrlimit(2) name: `nofile`, `core`, `nproc`,
    /// `as`, `fsize`, `cpu`, `data`, `stack`, `memlock`.
    #[serde(default)]
    pub limits: BTreeMap<String, u64>,
    /// Commands run before the program in the same terminal, in order; one that fails ends the
    /// incarnation.
    #[serde(default)]
    pub before: Vec<Vec<String>>,
    /// The program ends with 0 and leaves the real one behind, whose pid stands in this file.
    #[serde(default)]
    pub pid_file: Option<PathBuf>,
    /// User and groups the program runs as, if not the shim's own.
    #[serde(default)]
    pub user: Option<User>,
    /// The program's standard input is this file instead of the terminal; the terminal stays its
    /// controlling one. The commands before it keep the terminal.
    #[serde(default)]
    pub stdin: Option<PathBuf>,
    /// What the program, its children and the commands before it may reach.
    #[serde(default)]
    pub fence: Option<Fence>,
    /// A service of the daemon's: a stop signals its process group only, what it leaves behind is
    /// ended before anyone is told that it is empty, and the shim stays though nobody looks.
    #[serde(default)]
    pub supervised: bool,
    /// How much output is kept.
    pub log: LogRule,
    /// Socket of the daemon where the shim says hello; a missing daemon is no fault.
    pub hello: Option<PathBuf>,
}

/// User and groups of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// All groups.
    pub groups: Vec<u32>,
}

/// What happens to a program when the tmux server dies under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnServerExit {
    /// It goes on, and gaia shows it again in a new server.
    #[default]
    Keep,
    /// It is stopped.
    Stop,
}

/// What happens to a pane when its program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnExit {
    /// The pane stays and says how the program ended; a key starts it again or closes the pane.
    #[default]
    Keep,
    /// The pane closes.
    Close,
    /// The pane stays and the daemon starts the program again, later each time it fails.
    Restart,
}

/// How a program is stopped: `signal` to its process group, and after `grace_ms` SIGKILL to all
/// its descendants, those that left the group included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Signal number, 15 for TERM.
    pub signal: i32,
    /// Milliseconds until SIGKILL.
    pub grace_ms: u64,
}

impl Default for Stop {
    fn default() -> Self {
        Self { signal: 15, grace_ms: 5_000 }
    }
}

/// How much of a program's output is kept on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRule {
    /// Bytes after which a new segment begins.
    pub segment_bytes: u64,
    /// Bytes kept over all segments; the oldest whole segments beyond it are removed.
    pub keep_bytes: u64,
}

impl Default for LogRule {
    /// 16 MiB a segment; 2 GiB in all, so that a burst of 1 GB is kept whole.
    fn default() -> Self {
        Self { segment_bytes: 16 << 20, keep_bytes: 2 << 30 }
    }
}

/// One process for good: a pid alone is used again, a pid with its start time is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcId {
    /// Process id.
    pub pid: i32,
    /// Start time in clock ticks since boot (field 22 of proc(5) `stat`).
    pub start: u64,
}

/// Who runs a unit at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// [`VERSION`] of this file.
    pub v: u16,
    /// The unit.
    pub id: UnitId,
    /// [`Spec::rev`] of the spec this incarnation was started with.
    #[serde(default)]
    pub rev: u64,
    /// Lives of the program in this unit, counted from 1; 0 while the first is held.
    pub incarnation: u32,
    /// The shim.
    pub shim: ProcId,
    /// The program, once it is started.
    pub child: Option<ProcId>,
    /// `/proc/sys/kernel/random/boot_id`: a claim of an earlier boot is stale.
    pub boot: String,
    /// The tmux server the shim was started by.
    pub server: Option<ProcId>,
    /// The tmux pane (`%3`) the shim sits in or was started in.
    pub pane: Option<String>,
    /// When this incarnation began.
    pub started: Moment,
}

/// Why an incarnation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The program ended by itself (or by a signal from elsewhere).
    Exited,
    /// gaia stopped it on request.
    Stopped,
    /// A person closed its pane.
    Hangup,
    /// The tmux server died and the policy was `stop`.
    ServerExit,
    /// It could not be started; the text says why.
    NotStarted(String),
}

/// How an incarnation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exit {
    /// [`VERSION`] of this file.
    pub v: u16,
    /// The unit.
    pub id: UnitId,
    /// Which life of the program ended.
    pub incarnation: u32,
    /// Exit code, unless a signal ended it; 127 when it could not be started.
    pub code: Option<i32>,
    /// Signal that ended it.
    pub signal: Option<i32>,
    /// Whether it dumped core.
    #[serde(default)]
    pub core: bool,
    /// Why it ended.
    pub reason: Reason,
    /// Whether processes it started still ran when it ended.
    #[serde(default)]
    pub left: bool,
    /// When.
    pub at: Moment,
    /// Offset of the log where its output ends.
    pub log_end: u64,
}

/// What a shim says of itself when it is asked, and when it says hello.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Who runs.
    pub claim: Claim,
    /// How the present incarnation ended, once it has.
    pub exit: Option<Exit>,
    /// Whether the next incarnation waits for a person's word ([`Spec::held`]).
    #[serde(default)]
    pub held: bool,
    /// Whether the shim is about to end: whoever wants to run the unit again waits for its lock.
    #[serde(default)]
    pub leaving: bool,
    /// Columns of the inner terminal.
    pub cols: u16,
    /// Rows of the inner terminal.
    pub rows: u16,
    /// Offset of the first byte still on disk.
    pub log_start: u64,
    /// Offset after the last byte.
    pub log_end: u64,
    /// Whether the program asked for bracketed paste (`CSI ? 2004 h`).
    pub bracketed_paste: bool,
    /// Whether the program is on the alternate screen (`CSI ? 1049 h`, `47`, `1047`).
    pub alternate: bool,
    /// Whether the program itself does not run yet: the commands before it do.
    #[serde(default)]
    pub preparing: bool,
    /// Whether a terminal (the tmux pane, or a view of a later one) shows the unit now.
    pub shown: bool,
}
