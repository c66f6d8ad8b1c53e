use std::path::PathBuf;

use super::UnitId;

/// What can be seen of a home and its machine from outside, without a daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// What `tmux -V` says, without `tmux`; `None` if there is no tmux.
    pub tmux: Option<String>,
    /// What `git --version` says; `None` if there is no git.
    pub git: Option<String>,
    /// Version of Landlock of the kernel, if it has it.
    pub landlock: Option<u32>,
    /// The home.
    pub home: PathBuf,
    /// Why the home cannot be written, if it cannot.
    pub home_fault: Option<String>,
    /// Permissions of the home that let others in.
    pub home_mode: Option<u32>,
    /// Bytes free on its disk.
    pub free_bytes: u64,
    /// Share of inodes free on its disk, in percent.
    pub free_inodes: u64,
    /// Process id of the daemon, if one answers.
    pub daemon: Option<i32>,
    /// Why the store cannot be opened, looked at only while no daemon has it.
    pub store_fault: Option<String>,
    /// Socket files behind which nobody listens.
    pub stale_sockets: Vec<PathBuf>,
    /// Units whose shim died without an exit record.
    pub stale_claims: Vec<UnitId>,
    /// Processes that belong to a unit of this home whose shim is gone: pid and command.
    pub orphans: Vec<(i32, String)>,
    /// Bytes of all unit folders.
    pub unit_bytes: u64,
    /// Whether the machine describes `tmux-256color`.
    pub terminfo: bool,
    /// Whether the locale is UTF-8.
    pub utf8: bool,
    /// Soft limit of open files.
    pub open_files: u64,
    /// Milliseconds by which the newest file of the home is in the future.
    pub clock_ahead: u64,
}
