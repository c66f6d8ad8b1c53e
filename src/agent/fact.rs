//! What the ledger is told of agents and their tasks.

use super::{delivery::Receipt as Rung, driver::Class, id::TaskId, model::Step};
use crate::{
    base::{Name, UnitId},
    meter::{Micros, Tokens},
};

crate::facts! {
    TaskAdded = "task.added", "a task was asked for"
        { task: TaskId, workspace: Name, title: String, agent: Option<Name>, priority: i32 }
    TaskStarted = "task.started", "an attempt at a task was begun; it is made step by step"
        { task: TaskId, attempt: u32, agent: Name, driver: String, resume: bool }
    TaskStepped = "task.stepped", "a step of an attempt is done"
        { task: TaskId, attempt: u32, step: Step, unit: Option<UnitId> }
    TaskDelivered = "task.delivered", "how far the prompt of an attempt is"
        { task: TaskId, attempt: u32, state: Rung, bytes: u64, digest: String }
    AgentSeen = "agent.seen", "an agent does something else than before"
        { task: TaskId, attempt: u32, agent: Name, state: String, rule: String, evidence: String }
    AttemptEnded = "attempt.ended", "an attempt is over"
        {
            task: TaskId, attempt: u32, agent: Name, class: Class, why: Option<String>, tokens: Tokens,
            cost: Option<Micros>, code: Option<i32>, signal: Option<i32>,
        }
    TaskQueued = "task.queued", "a task waits again"
        { task: TaskId, why: String, until: Option<crate::base::Moment> }
    TaskAsked = "task.asked", "a task waits for a person" { task: TaskId, item: String, why: String }
    TaskDone = "task.done", "the work of a task is done" { task: TaskId, attempts: u32 }
    TaskFailed = "task.failed", "a task did not work" { task: TaskId, why: String }
    TaskCancelled = "task.cancelled", "a task is not wanted any more" { task: TaskId }
    TaskLanded = "task.landed", "the work of a task is part of its target"
        { task: TaskId, target: String, old: String, commit: String, rollback: String }
    TaskLandRefused = "task.land-refused", "the work of a task was not landed"
        { task: TaskId, why: Vec<String> }
    TaskDiscarded = "task.discarded", "the work of a task was thrown away; where it can be found"
        { task: TaskId, rescue: Option<String> }
    FenceRefused = "fence.refused", "an agent tried what it may not"
        { task: Option<TaskId>, what: String, rule: String }
    AgentMessaged = "agent.messaged", "an agent wrote to another (not what)"
        { workspace: Name, from: String, to: String, bytes: u64 }
    AgentReported = "agent.reported", "what an agent says of itself"
        { task: TaskId, attempt: u32, text: String }
    QueuePaused = "queue.paused", "no task of a workspace is begun until the queue is resumed"
        { workspace: Name, paused: bool }
}
