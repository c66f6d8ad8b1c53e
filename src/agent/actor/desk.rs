//! Changes of records: made by the actor, one after the other, and on disk before the next word.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Actor, Ask, job::News};
use crate::{
    agent::{id::TaskId, record::TaskRecord},
    base::{Code, Refusal},
    ledger::Decision,
};

/// A change of a task and the facts that go with it.
pub(crate) type Change = Box<dyn FnOnce(&mut TaskRecord, &mut Decision) + Send>;

/// How jobs have records changed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk(mpsc::UnboundedSender<Ask>);

impl Desk {
    pub(super) fn new(inbox: mpsc::UnboundedSender<Ask>) -> Self {
        Self(inbox)
    }

    /// Changes a task; returns the task as it is then, on disk.
    pub(crate) async fn change(
        &self,
        id: TaskId,
        change: impl FnOnce(&mut TaskRecord, &mut Decision) + Send + 'static,
    ) -> Result<TaskRecord, Refusal> {
        self.ask(|reply| Ask::Change(id, Box::new(change), reply)).await?
    }

    /// Writes facts and records down.
    pub(crate) async fn note(&self, decision: Decision) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Note(Box::new(decision), reply)).await?
    }

    /// Tells the job of a task something, if it has one.
    pub(crate) fn tell(&self, id: TaskId, news: News) {
        let _ = self.0.send(Ask::News(id, news));
    }

    /// A driver takes no work until a moment.
    pub(crate) fn limited(&self, driver: String, until: crate::base::Moment) {
        let _ = self.0.send(Ask::Limited(driver, until));
    }

    /// A job is over.
    pub(crate) fn forget(&self, id: TaskId, job: u64) {
        self.send(Ask::Forget(id, job));
    }

    /// Tells the actor something that is not answered.
    pub(super) fn send(&self, ask: Ask) {
        let _ = self.0.send(ask);
    }

    /// Asks the actor.
    pub(super) async fn ask<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<T>) -> Ask,
    ) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the agent actor has ended");
        self.0.send(make(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}

impl Actor {
    /// Changes a task in memory and on disk; a change that cannot be stored is not made.
    pub(super) async fn change(
        &mut self,
        id: TaskId,
        change: Change,
    ) -> Result<TaskRecord, Refusal> {
        let Some(old) = self.tasks.get(&id) else {
            return Err(Refusal::new(Code::NotFound, format!("there is no task `{id}`")));
        };
        let mut task = (**old).clone();
        let mut decision = Decision::new();
        change(&mut task, &mut decision);
        if task.state != old.state {
            task.since = self.world.now();
        }
        decision.put(&task);
        self.owed.append(decision);
        self.store().await?;
        if let Some(unit) = task.last().and_then(|attempt| attempt.unit.clone()) {
            self.units.insert(unit, id);
        }
        self.tasks.insert(id, Arc::new(task.clone()));
        (self.dirty, self.moved) = (true, true);
        Ok(task)
    }
}
