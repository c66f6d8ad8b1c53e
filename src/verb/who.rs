use crate::base::UnitId;

/// Who sends a request, as the kernel tells it: a program below the shim of an attempt at a task is
/// that attempt's, whatever it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// A person, or a program of theirs.
    Person,
    /// A program in the pane of an attempt at a task.
    Agent(UnitId),
}
