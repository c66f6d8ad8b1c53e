//! What people see of agents and tasks.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    id::TaskId,
    record::{CrewRecord, TaskRecord},
};
use crate::base::Name;

/// All tasks and agents of a home. Cheap to copy: the tasks are shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct View {
    /// Tasks by id.
    pub(crate) tasks: BTreeMap<TaskId, Arc<TaskRecord>>,
    /// Workspaces that have agents.
    pub(crate) crews: BTreeMap<Name, CrewRecord>,
    /// What stands in the way of tasks that wait.
    pub(crate) obstacles: BTreeMap<TaskId, String>,
}
