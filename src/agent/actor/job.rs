//! One attempt, from its worktree to its end.

use std::collections::BTreeMap;

use tokio::sync::{mpsc, oneshot};

use super::{World, finish, make, mind};
use crate::{
    agent::{
        driver::hook::HookEvent,
        fact::TaskStepped,
        id::TaskId,
        model::{Agent, Attempt, Policy, Step},
        record::TaskRecord,
    },
    base::{Code, Moment, Refusal, UnitId},
    port::UnitEvent,
};

/// File of the environment a task was asked for in, and the most that is read of it.
pub(super) const ENV_FILE: &str = "env.json";
const ENV_SIZE: usize = 4 << 20;

/// What a job is told.
pub(crate) enum News {
    /// A shim tells something of its unit.
    Unit(UnitEvent),
    /// Its program tells something.
    Hook(HookEvent),
    /// It waits for a person (or, `None`, does so no more).
    Waits(Option<String>),
    /// It says that its work is done.
    Finished,
    /// It is given more to do; answered with what became of the text. One that has a mark is
    /// answered when it is on record, and not sent again.
    Send(String, Option<u32>, oneshot::Sender<Result<crate::agent::model::Receipt, Refusal>>),
    /// It shall stop what it does, and wait.
    Interrupt,
    /// It shall end.
    Cancel,
}

/// One attempt.
pub(super) struct Job {
    pub(super) world: World,
    pub(super) task: TaskRecord,
    pub(super) agent: Agent,
    pub(super) policy: Policy,
    /// Environment of whoever asked for the task.
    pub(super) caller: BTreeMap<String, String>,
}

/// Why a job goes no further.
pub(super) enum Halt {
    /// A step did not work, in words.
    Failed(String),
    /// A person does not want it any more.
    Cancelled,
    /// The daemon cannot store anything: whatever was begun is found again.
    Blind,
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        match refusal.code {
            Code::Broken => Self::Blind,
            Code::Failed | Code::Invalid | Code::NotFound | Code::Denied | Code::Unreachable => {
                Self::Failed(match refusal.help {
                    Some(help) => format!("{} ({help})", refusal.message),
                    None => refusal.message,
                })
            }
        }
    }
}

/// Runs an attempt to its end, from the step it is at.
pub(super) async fn run(
    world: World,
    (id, number): (TaskId, u64),
    mut news: mpsc::UnboundedReceiver<News>,
) {
    if let Some(mut job) = load(&world, id).await {
        let halt = job.go(&mut news).await.err();
        match halt {
            None | Some(Halt::Blind) => (),
            Some(Halt::Failed(why)) => finish::failed(&mut job, why).await,
            Some(Halt::Cancelled) => drop(finish::cancelled(&mut job).await),
        }
    }
    world.desk.forget(id, number);
}

async fn load(world: &World, id: TaskId) -> Option<Job> {
    let task = world.desk.change(id, |_, _| ()).await.ok()?;
    let crew = world.ledger().load::<crate::agent::record::CrewRecord>(task.workspace.as_str());
    let crew = crew.ok().flatten()?;
    // One whose turn is over still sits in its pane, and can be given more to do.
    let name = task.last()?.agent.clone();
    let declared = crew.agents.into_iter().find(|agent| agent.name == name);
    // One that is not declared any more ends what it has begun.
    let agent = declared.or_else(|| task.agent.as_deref().cloned())?;
    let caller = caller(world, id);
    Some(Job { world: world.clone(), task, agent, policy: crew.policy, caller })
}

/// The environment a task was asked for in: it may hold keys, and so is no part of the store.
pub(super) fn caller(world: &World, id: TaskId) -> BTreeMap<String, String> {
    let path = world.sessions.home().task(&id.to_string()).join(ENV_FILE);
    let text = world.sessions.ports().files.read(&path, ENV_SIZE).ok().flatten();
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

impl Job {
    async fn go(&mut self, news: &mut mpsc::UnboundedReceiver<News>) -> Result<(), Halt> {
        loop {
            if cancelled(news) {
                return Err(Halt::Cancelled);
            }
            match self.attempt().step {
                Step::Recorded => make::worktree(self).await?,
                // Its setup may take long; one that is not wanted any more is ended.
                Step::Worktree => tokio::select! {
                    prepared = make::prepare(self) => prepared?,
                    () = until_cancelled(news) => return Err(Halt::Cancelled),
                },
                Step::Prepared => make::pane(self).await?,
                Step::Pane => make::launch(self).await?,
                Step::Launched | Step::Delivered => return mind::watch(self, news).await,
                Step::Ended => return Ok(()),
            }
        }
    }

    /// The attempt.
    pub(super) fn attempt(&self) -> &Attempt {
        // A job is made for a task with an attempt, and attempts are never taken away.
        &self.task.attempts[self.task.attempts.len() - 1]
    }

    /// When its present attempt has taken too long.
    pub(super) fn deadline(&self) -> Option<Moment> {
        match self.task.wanted.timeout_ms.unwrap_or(self.agent.timeout_ms) {
            0 => None,
            span => Some(Moment(self.attempt().started.0 + span)),
        }
    }

    /// Its unit, once it has a pane.
    pub(super) fn unit(&self) -> Result<UnitId, Halt> {
        self.attempt().unit.clone().ok_or_else(|| Halt::Failed("it has no pane".to_owned()))
    }

    /// The name of the attempt, unique in the home: of its pane, and of its folder.
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.task.id, self.attempt().number)
    }

    /// Changes the record of the task.
    pub(super) async fn change(
        &mut self,
        change: impl FnOnce(&mut TaskRecord, &mut crate::ledger::Decision) + Send + 'static,
    ) -> Result<(), Halt> {
        let (number, unit) = (self.attempt().number, self.attempt().unit.clone());
        let ours = move |task: &mut TaskRecord, decision: &mut crate::ledger::Decision| {
            // A later attempt is somebody else's.
            if task.last().is_some_and(|attempt| attempt.number == number) {
                change(task, decision);
            }
        };
        self.task = self.world.desk.change(self.task.id, ours).await?;
        let now = self.attempt();
        let other = now.number != number && (unit.is_none() || now.unit != unit);
        if other { Err(Halt::Blind) } else { Ok(()) }
    }

    /// Changes the record of the attempt.
    pub(super) async fn note(
        &mut self,
        change: impl FnOnce(&mut Attempt) + Send + 'static,
    ) -> Result<(), Halt> {
        self.change(|task, _| {
            if let Some(attempt) = task.attempts.last_mut() {
                change(attempt);
            }
        })
        .await
    }

    /// A step is done.
    pub(super) async fn done(
        &mut self,
        step: Step,
        also: impl FnOnce(&mut TaskRecord) + Send + 'static,
    ) -> Result<(), Halt> {
        self.change(move |task, decision| {
            also(task);
            let id = task.id;
            if let Some(attempt) = task.attempts.last_mut() {
                attempt.step = step;
                let unit = attempt.unit.clone();
                decision.fact(&TaskStepped { task: id, attempt: attempt.number, step, unit });
            }
        })
        .await
    }
}

/// Whether a person has said meanwhile that it shall end.
fn cancelled(news: &mut mpsc::UnboundedReceiver<News>) -> bool {
    let mut found = false;
    while let Ok(one) = news.try_recv() {
        found |= matches!(one, News::Cancel);
    }
    found
}

/// Waits until a person says that it shall end.
async fn until_cancelled(news: &mut mpsc::UnboundedReceiver<News>) {
    while let Some(one) = news.recv().await {
        if matches!(one, News::Cancel) {
            return;
        }
    }
    std::future::pending().await
}
