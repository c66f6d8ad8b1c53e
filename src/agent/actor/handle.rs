use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use super::{
    World,
    book::Used,
    clear,
    desk::Change,
    job::News,
    land::{LandAsk, Landed},
};
use crate::{
    agent::{
        begin::New,
        id::TaskId,
        model::How,
        record::{CrewRecord, TaskRecord},
        view::View,
    },
    base::{Code, Moment, Name, Refusal, nearest},
    ledger::Decision,
    meter::{Final, Key, Micros, Tokens, Usage, Verdict},
    port::{Git, Prober},
};

/// What the agents ask of the world besides what sessions do.
#[derive(Clone)]
pub struct Ports {
    /// Worktrees, diffs, landing.
    pub git: Arc<dyn Git>,
    /// Runs setup commands, and looks for agents' programs.
    pub prober: Arc<dyn Prober>,
}

/// How the rest of gaia talks to the agents. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    world: World,
    inbox: mpsc::UnboundedSender<Ask>,
    landings: mpsc::UnboundedSender<LandAsk>,
    view: watch::Receiver<Arc<View>>,
}

/// What the actor is asked.
pub(crate) enum Ask {
    Change(TaskId, Change, oneshot::Sender<Result<TaskRecord, Refusal>>),
    Add(Box<New>, oneshot::Sender<Result<TaskRecord, Refusal>>),
    Crew(Box<CrewRecord>, oneshot::Sender<Result<CrewRecord, Refusal>>),
    Pause(Name, bool, oneshot::Sender<Result<(), Refusal>>),
    News(TaskId, News),
    Note(Box<Decision>, oneshot::Sender<Result<(), Refusal>>),
    Forget(TaskId, u64),
    Used(Used, oneshot::Sender<Verdict>),
    Settle(Key, Final, oneshot::Sender<(Tokens, Option<Micros>)>),
    Price(String, Tokens, oneshot::Sender<Option<Micros>>),
    Reserve(TaskId, oneshot::Sender<Result<(), String>>),
    Limited(String, Moment),
    Begins(String, String, Usage),
}

impl Handle {
    pub(super) fn new(
        world: World,
        inbox: mpsc::UnboundedSender<Ask>,
        landings: mpsc::UnboundedSender<LandAsk>,
        view: watch::Receiver<Arc<View>>,
    ) -> Self {
        Self { world, inbox, landings, view }
    }

    /// The present picture; free.
    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// The picture as it changes.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// What jobs and verbs need of everything else.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Waits until the picture is as wanted, at most `patience`; the picture then.
    pub(crate) async fn until(
        &self,
        patience: Duration,
        wanted: impl Fn(&View) -> bool,
    ) -> Arc<View> {
        let mut view = self.view.clone();
        let _ = tokio::time::timeout(patience, view.wait_for(|view| wanted(view))).await;
        self.view()
    }

    /// Asks for a task; the same key asks for the same one.
    pub(crate) async fn add(&self, new: New) -> Result<TaskRecord, Refusal> {
        self.ask(|reply| Ask::Add(Box::new(new), reply)).await?
    }

    /// Takes in the agents of a workspace as they are declared now; all that it has then.
    pub(crate) async fn enlist(&self, crew: CrewRecord) -> Result<CrewRecord, Refusal> {
        self.ask(|reply| Ask::Crew(Box::new(crew), reply)).await?
    }

    /// Pauses the queue of a workspace, or resumes it.
    pub(crate) async fn pause(&self, workspace: Name, paused: bool) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Pause(workspace, paused, reply)).await?
    }

    /// Tells the job of a task something.
    pub(crate) fn tell(&self, id: TaskId, news: News) {
        self.world.desk.tell(id, news);
    }

    /// Lands the work of a task, when it is its turn.
    pub(crate) async fn land(
        &self,
        id: TaskId,
        how: Option<How>,
        dry_run: bool,
    ) -> Result<Landed, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the landing queue has ended");
        self.landings.send(LandAsk { id, how, dry_run, reply }).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// Throws the work of a task away; the ref that keeps it, if there was some.
    pub(crate) async fn discard(&self, id: TaskId) -> Result<Option<String>, Refusal> {
        clear::discard(&self.world, id).await
    }

    /// The record of a task.
    pub(crate) fn task(&self, id: TaskId) -> Result<TaskRecord, Refusal> {
        let view = self.view();
        view.tasks.get(&id).map(|task| (**task).clone()).ok_or_else(|| {
            let names: Vec<String> = view.tasks.keys().map(ToString::to_string).collect();
            let word = id.to_string();
            let near = nearest(&word, names.iter().map(String::as_str)).map(str::to_owned);
            let help = match (near, names.last()) {
                (Some(near), _) => format!("did you mean `{near}`? `gaia task list` shows all"),
                (None, Some(last)) => format!("the newest is `{last}`"),
                (None, None) => "there is none yet: `gaia task add` makes one".to_owned(),
            };
            Refusal::new(Code::NotFound, format!("there is no task `{id}`")).help(help)
        })
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the agent actor has ended");
        self.inbox.send(make(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}
