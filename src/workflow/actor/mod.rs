//! The shell of the workflows: one task that keeps all runs, and a job for each attempt under way.
//!
//! Rooms: `handle` (how it is asked), `book` (runs come in and go), `turn` (an input into a run,
//! what follows stored, then done), `room` (who begins), `job` (attempts, one file per kind),
//! `recover`.
//!
//! Invariants:
//! - Store, then act: what is to be done in the world is done after the events it follows from are
//!   on disk, and done again after a restart.
//! - Everything that came in meanwhile is stored with one write.
//! - The task waits for nothing but the ledger; jobs wait, and report.

mod book;
mod handle;
mod job;
mod recover;
mod room;
mod turn;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{broadcast, mpsc, oneshot};

pub use handle::Handle;
pub(crate) use handle::{Ask, NewRun, News};
use job::JobNews;
pub(crate) use job::folder;

use super::{
    machine::Effect,
    record::RunRecord,
    run::{InstanceId, Run},
};
use crate::{
    agent,
    base::{Moment, Refusal, RunId},
    inbox, knowledge,
    ledger::{self, Decision},
    port::{Prober, Steps},
    service, session,
};

/// Inputs that are stored with one write at most.
const TOGETHER: usize = 256;
/// Lines that one who follows may be behind.
const BEHIND: usize = 4096;
/// Pause after a store that did not take what it was given.
const AGAIN: Duration = Duration::from_secs(2);
/// The wall clock may jump and machines sleep: it is looked at this often while something waits.
const LOOK: Duration = Duration::from_secs(60);

/// What the workflows ask of the world besides what sessions do.
#[derive(Clone)]
pub struct Ports {
    /// Runs commands.
    pub steps: Arc<dyn Steps>,
    /// Asks programs for secrets.
    pub prober: Arc<dyn Prober>,
    /// The gaia that a command means by `gaia`.
    pub exe: std::path::PathBuf,
    /// Gives freed memory back: a large definition is read in many small pieces.
    pub give_back: fn(),
}

/// Steps and inputs that leave enough freed memory behind to be given back, and the quiet after which
/// it is.
const CHURN: usize = 1000;
const QUIET: Duration = Duration::from_secs(1);

/// What a person has set.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Commands at a time, over all runs.
    pub places: u32,
    /// Runs that are over and kept.
    pub keep: usize,
    /// Tests of tests: attempts that were under way are given up for lost after a restart.
    pub gives_up: bool,
}

/// What jobs and the actor need of everything else.
#[derive(Clone)]
pub struct World {
    /// Sessions, and what they ask of the world.
    pub sessions: session::Handle,
    /// Services.
    pub services: service::Handle,
    /// Agents.
    pub agents: agent::Handle,
    /// People.
    pub people: inbox::Handle,
    /// Experts.
    pub experts: knowledge::Handle,
    /// What else is asked of the world.
    pub ports: Ports,
}

impl World {
    /// The present moment.
    pub(crate) fn now(&self) -> Moment {
        self.sessions.ports().clock.now()
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> &ledger::Handle {
        self.sessions.ledger()
    }
}

struct Actor {
    world: World,
    options: Options,
    inbox: mpsc::UnboundedSender<Ask>,
    news: broadcast::Sender<Arc<News>>,
    /// Every run's head.
    heads: BTreeMap<RunId, Arc<RunRecord>>,
    keys: HashMap<String, RunId>,
    /// Runs that are not over.
    live: BTreeMap<RunId, Live>,
    next_job: u64,
    /// Steps and inputs since freed memory was given back.
    churn: usize,
    pending: Pending,
    /// The store did not take what it was given.
    troubled: Option<Refusal>,
    waiters: HashMap<RunId, Vec<oneshot::Sender<Arc<RunRecord>>>>,
}

/// A run that is not over.
struct Live {
    record: RunRecord,
    run: Run,
    /// Number of the newest line of its journal.
    seq: u64,
    /// The environment it was asked for in, once a job wanted it.
    env: Option<Arc<BTreeMap<String, String>>>,
    /// Jobs by instance.
    jobs: HashMap<InstanceId, (u64, mpsc::UnboundedSender<JobNews>)>,
    /// The group it has a place in.
    group: Option<String>,
}

/// What is to be stored, and what is done once it is.
#[derive(Default)]
struct Pending {
    decision: Decision,
    effects: Vec<(RunId, Effect)>,
    news: Vec<News>,
    replies: Vec<Answer>,
}

/// Tells whoever asked whether it is stored.
type Answer = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// Starts the actor after it has found again what goes on.
pub async fn spawn(world: World, options: Options) -> Result<Handle, Refusal> {
    let (inbox, asks) = mpsc::unbounded_channel();
    let (news, _) = broadcast::channel(BEHIND);
    let handle = Handle::new(world.clone(), inbox.clone(), news.clone());
    let mut actor = Actor {
        world,
        options,
        inbox,
        news,
        heads: BTreeMap::new(),
        keys: HashMap::new(),
        live: BTreeMap::new(),
        next_job: 0,
        churn: 0,
        pending: Pending::default(),
        troubled: None,
        waiters: HashMap::new(),
    };
    actor.recover()?;
    let over = actor.heads.keys().filter(|id| !actor.live.contains_key(*id)).cloned();
    let (world, over) = (actor.world.clone(), over.collect::<std::collections::BTreeSet<_>>());
    tokio::spawn(async move { job::withdraw(&world, |id| over.contains(id)).await });
    tokio::spawn(actor.live(asks));
    Ok(handle)
}

impl Actor {
    async fn live(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        loop {
            self.admit();
            self.begin_what_can_be();
            if !self.pending.is_empty() {
                self.store().await;
                if self.troubled.is_none() {
                    // What was done may have made room, or ended a run.
                    continue;
                }
            }
            let wake = self.next_wake();
            tokio::select! {
                ask = asks.recv() => match ask {
                    Some(ask) => self.take(ask),
                    None => return,
                },
                () = pause(wake) => self.wake(),
            }
            for _ in 1..TOGETHER {
                let Ok(ask) = asks.try_recv() else { break };
                self.take(ask);
            }
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        let now = self.world.now();
        let due = self.live.values().filter_map(|live| super::machine::next_wake(&live.run)).min();
        let due = due.map(|due| due.since(now).min(LOOK));
        let again = self.troubled.as_ref().map(|_| AGAIN);
        let quiet = (self.churn >= CHURN).then_some(QUIET);
        [due, again, quiet].into_iter().flatten().min()
    }
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.decision.is_empty()
            && self.effects.is_empty()
            && self.news.is_empty()
            && self.replies.is_empty()
    }
}

/// Waits for a pause, or for ever.
#[expect(clippy::disallowed_methods, reason = "the one sleep of this actor")]
async fn pause(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}
