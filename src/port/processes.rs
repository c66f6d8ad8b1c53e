use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use crate::base::{UnitId, unit::User};

/// What can be told of a running program from outside.
pub trait Processes: Send + Sync {
    /// Whether the program is a shell that waits at its prompt: nothing it started has the terminal.
    fn is_idle_shell(&self, pid: i32) -> bool;
    /// What the trees below these processes use, one entry for each, from one look at all.
    fn usage(&self, roots: &[i32]) -> Vec<Usage>;
    /// TCP ports that the tree below a process listens on.
    fn listens(&self, root: i32) -> BTreeSet<u16>;
    /// Whether a TCP port is free on this machine.
    fn is_free(&self, port: u16) -> bool;
    /// Who listens on a port, as far as can be told.
    fn holder(&self, port: u16) -> Option<Holder>;
    /// Processes whose environment says that they belong to this unit, their shim excepted.
    fn of_unit(&self, unit: &UnitId) -> Vec<i32>;
    /// Kills a process.
    fn kill(&self, pid: i32);
    /// The ids of a user, with all groups; a sentence if there is none.
    fn user(&self, user: &str, group: Option<&str>) -> Result<User, String>;
    /// The user that gaia runs as.
    fn user_id(&self) -> u32;
    /// Whether gaia runs as root.
    fn is_root(&self) -> bool;
}

/// What a tree of processes uses.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Processor time so far, in milliseconds.
    pub cpu_ms: u64,
    /// Resident memory, in bytes.
    pub memory: u64,
    /// Open descriptors.
    pub files: u64,
    /// Threads.
    pub threads: u64,
    /// Processes.
    pub processes: u64,
}

/// Who holds a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: i32,
    /// Name of the program.
    pub name: String,
    /// Its working folder.
    pub cwd: PathBuf,
}

/// Programs as a test says they are.
#[derive(Debug, Clone, Default)]
pub struct FakeProcesses(Arc<Mutex<BTreeSet<i32>>>);

impl FakeProcesses {
    /// Says that this one is a shell at its prompt.
    pub fn at_prompt(&self, pid: i32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(pid);
    }
}

impl Processes for FakeProcesses {
    fn is_idle_shell(&self, pid: i32) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&pid)
    }
    fn usage(&self, roots: &[i32]) -> Vec<Usage> {
        vec![Usage::default(); roots.len()]
    }
    fn listens(&self, _root: i32) -> BTreeSet<u16> {
        BTreeSet::new()
    }
    fn is_free(&self, _port: u16) -> bool {
        true
    }
    fn holder(&self, _port: u16) -> Option<Holder> {
        None
    }
    fn of_unit(&self, _unit: &UnitId) -> Vec<i32> {
        vec![]
    }
    fn kill(&self, _pid: i32) {}
    fn user(&self, user: &str, _group: Option<&str>) -> Result<User, String> {
        Err(format!("there is no user `{user}`"))
    }
    fn user_id(&self) -> u32 {
        1000
    }
    fn is_root(&self) -> bool {
        false
    }
}
