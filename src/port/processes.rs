use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// What can be told of a running program from outside.
pub trait Processes: Send + Sync {
    /// Whether the program is a shell that waits at its prompt: nothing it started has the terminal.
    fn is_idle_shell(&self, pid: i32) -> bool;
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
}
