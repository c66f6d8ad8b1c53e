//! The shell of the agents: one task that keeps the records and begins what can be begun, and one
//! job for each attempt that is under way.
//!
//! Rooms: `desk` (changes of records, stored before anyone acts on them), `begin` (the queue),
//! `job` (one attempt from its worktree to its end), `make` (its steps), `mind` (what it does,
//! from evidence), `hand` (prompts into a running program), `finish` (what came of it), `output` (the file it leaves a result in),
//! `land` (its work into the target), `tell` (hooks and tools of the agents themselves), `recover`.
//!
//! Invariants:
//! - Store, then act: each step of an attempt is on disk before it is done and again after it, and
//!   may be done twice; its program is started by a shim that starts it once.
//! - The actor waits for nothing but the ledger; jobs wait, and report.
//! - A prompt whose fate nobody knows is not sent again.

mod answers;
mod begin;
mod book;
mod check;
mod clear;
mod desk;
mod finish;
mod flag;
mod hand;
mod handle;
mod job;
mod land;
mod make;
mod mind;
pub(crate) mod output;
mod question;
mod receipt;
mod recover;
mod says;
mod spec;
mod spend;
mod tell;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, watch};

pub(crate) use desk::Desk;
pub(crate) use handle::Ask;
pub use handle::{Handle, Ports};
pub(crate) use job::News;
pub(crate) use tell::{Told, command_of};

use super::{
    find::Drivers,
    id::TaskId,
    record::{CrewRecord, TaskRecord},
    view::View,
};
use crate::{
    base::{Name, Refusal, UnitId},
    ledger::{self, Decision},
    port::UnitEvent,
};

/// What the actor keeps.
struct Actor {
    world: World,
    tasks: BTreeMap<TaskId, Arc<TaskRecord>>,
    crews: BTreeMap<Name, CrewRecord>,
    /// The job of each task, with a number of its own: a later one takes the place of an earlier.
    jobs: HashMap<TaskId, (u64, mpsc::UnboundedSender<job::News>)>,
    next_job: u64,
    units: HashMap<UnitId, TaskId>,
    book: book::Accounts,
    /// What stands in the way of what waits.
    obstacles: BTreeMap<TaskId, String>,
    next: u64,
    /// Whether something changed since the picture was last shown.
    dirty: bool,
    /// Whether something changed since the queue was last looked at.
    moved: bool,
    owed: Decision,
    view: watch::Sender<Arc<View>>,
}

/// What jobs and the actor need of everything else.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) sessions: crate::session::Handle,
    pub(crate) services: crate::service::Handle,
    pub(crate) people: crate::inbox::Handle,
    pub(crate) ports: Ports,
    pub(crate) desk: Desk,
    pub(crate) view: watch::Receiver<Arc<View>>,
    drivers: Arc<Drivers>,
    pub(crate) exe: std::path::PathBuf,
}

impl World {
    /// The present moment.
    pub(crate) fn now(&self) -> crate::base::Moment {
        self.sessions.ports().clock.now()
    }

    /// The driver of this name, as a folder sees it.
    pub(crate) fn driver(
        &self,
        dir: &std::path::Path,
        name: &str,
    ) -> Result<crate::agent::driver::Driver, Refusal> {
        let files = &*self.sessions.ports().files;
        self.drivers.get(files, self.sessions.home(), (dir, name))
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> &ledger::Handle {
        self.sessions.ledger()
    }
}

/// Starts the actor after it has found again what goes on.
pub async fn spawn(
    sessions: crate::session::Handle,
    services: crate::service::Handle,
    people: crate::inbox::Handle,
    (ports, exe): (Ports, std::path::PathBuf),
) -> Result<Handle, Refusal> {
    let (view, seen) = watch::channel(Arc::new(View::default()));
    let (inbox, asks) = mpsc::unbounded_channel();
    let desk = Desk::new(inbox.clone());
    let world = World {
        sessions,
        services,
        people,
        ports,
        desk,
        view: seen.clone(),
        drivers: Arc::default(),
        exe,
    };
    let events = world.sessions.ports().units.events();
    let mut actor = Actor {
        world: world.clone(),
        tasks: BTreeMap::new(),
        crews: BTreeMap::new(),
        jobs: HashMap::new(),
        next_job: 0,
        units: HashMap::new(),
        book: book::Accounts::load(&world)?,
        obstacles: BTreeMap::new(),
        next: 1,
        dirty: true,
        moved: true,
        owed: Decision::new(),
        view,
    };
    actor.recover().await?;
    tokio::spawn(actor.live(asks, events));
    let (landings, asked) = mpsc::unbounded_channel();
    land::spawn(world.clone(), asked);
    tokio::spawn(answers::follow(world.clone()));
    tokio::spawn(flag::follow(world.clone()));
    Ok(Handle::new(world, inbox, landings, seen))
}

impl Actor {
    async fn live(
        mut self,
        mut asks: mpsc::UnboundedReceiver<Ask>,
        mut events: mpsc::UnboundedReceiver<UnitEvent>,
    ) {
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(event) => self.hear(event),
                    None => return,
                },
                ask = asks.recv() => match ask {
                    Some(ask) => self.answer(ask).await,
                    None => return,
                },
                () = wait(wake) => (),
            }
            self.begin_what_can_be().await;
            self.publish();
        }
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Change(id, change, reply) => {
                let changed = self.change(id, change).await;
                // Whoever asked sees what became of it.
                self.publish();
                let _ = reply.send(changed);
            }
            Ask::Add(new, reply) => {
                let added = self.add(*new).await;
                self.publish();
                let _ = reply.send(added);
            }
            Ask::Crew(crew, reply) => {
                let enlisted = self.enlist(*crew).await;
                self.publish();
                let _ = reply.send(enlisted);
            }
            Ask::Pause(workspace, paused, reply) => {
                let _ = reply.send(self.pause(&workspace, paused).await);
            }
            Ask::News(id, news) => self.forward(id, news),
            Ask::Note(decision, reply) => {
                self.owed.append(*decision);
                let _ = reply.send(self.store().await);
            }
            Ask::Used(used, reply) => {
                let verdict = self.observe(used);
                let _ = reply.send(verdict);
            }
            Ask::Settle(key, end, reply) => {
                let sum = self.settle(&key, end);
                let _ = reply.send(sum);
            }
            Ask::Begins(session, model, report) => self.begins(&session, &model, &report),
            Ask::Price(model, tokens, reply) => {
                let _ = reply.send(self.book.price(&model, tokens));
            }
            Ask::Reserve(id, reply) => {
                let reserved = self.reserve_again(id);
                let _ = reply.send(reserved);
            }
            Ask::Limited(driver, until) => self.book.limit(driver, until),
            Ask::Forget(id, job) => {
                if self.jobs.get(&id).is_some_and(|(number, _)| *number == job) {
                    self.jobs.remove(&id);
                }
            }
        }
    }

    /// Hands what a shim tells to the job it concerns.
    fn hear(&mut self, event: UnitEvent) {
        if let Some(id) = self.units.get(event.unit()).copied() {
            self.forward(id, job::News::Unit(event));
        }
    }

    fn forward(&mut self, id: TaskId, news: job::News) {
        let gone = self.jobs.get(&id).is_none_or(|(_, job)| job.send(news).is_err());
        if gone {
            self.jobs.remove(&id);
        }
    }

    fn publish(&mut self) {
        if std::mem::take(&mut self.dirty) {
            let (tasks, crews) = (self.tasks.clone(), self.crews.clone());
            self.view.send_replace(Arc::new(View {
                tasks,
                crews,
                obstacles: self.obstacles.clone(),
            }));
        }
    }

    /// Stores what is owed; what cannot be stored stays owed.
    async fn store(&mut self) -> Result<(), Refusal> {
        if self.owed.is_empty() {
            return Ok(());
        }
        let owed = self.owed.clone();
        self.world.ledger().commit(owed).await?;
        self.owed = Decision::new();
        Ok(())
    }

    /// When something that waits may go on.
    fn next_wake(&self) -> Option<Duration> {
        let now = self.world.now();
        let moments = self.tasks.values().filter_map(|task| match &task.state {
            super::model::State::Queued { until, .. } => *until,
            _ => None,
        });
        let later = moments.filter(|until| *until > now).min();
        later.map(|until| Duration::from_millis(until.0 - now.0))
    }
}

/// Waits for a pause, or for ever.
#[expect(clippy::disallowed_methods, reason = "the one sleep of this actor")]
async fn wait(pause: Option<Duration>) {
    match pause {
        // A clock that is set is noticed within the minute.
        Some(pause) => tokio::time::sleep(pause.min(Duration::from_secs(60))).await,
        None => std::future::pending().await,
    }
}
