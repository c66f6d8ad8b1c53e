//! The shell of the services: one task that hears reports, asks the machine, stores, and acts.
//!
//! Rooms: `feed` (an input through the machine), `apply` (new definitions), `work` (effects as
//! tasks: prepare, spawn, stop, hooks), `ask` (probes), `hear` (what shims and programs tell),
//! `recover` (a daemon came back), `watch` (files and schedules), `usage`, `evidence`.
//!
//! Invariants:
//! - The actor waits for nothing but the ledger: whatever takes time is a task that reports.
//! - Store, then act: effects run after the step and its facts are on disk.
//! - A shim runs a unit once, and every report names its incarnation, so that a report that comes
//!   late, or twice, changes nothing.

mod apply;
mod ask;
mod evidence;
mod feed;
mod handle;
mod hear;
mod recover;
mod slot;
mod usage;
mod watch;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, watch as channel};

pub(crate) use apply::{Applied, Apply};
pub(crate) use handle::Ask;
pub use handle::{Handle, Ports};
use slot::Slot;

use super::{
    machine::{Answer, Input, Timer as MachineTimer},
    model::ServiceId,
    view::View,
};
use crate::{
    base::{Moment, Name, Refusal, UnitId},
    ledger::Decision,
    port::{UnitEvent, Usage},
    session::Env,
};

/// What a task reports back.
enum Report {
    /// An input for the machine.
    Input(ServiceId, Input),
    /// A service is about to start in this unit.
    Unit(ServiceId, UnitId),
    /// A probe was answered, and how long that took.
    Answer { id: ServiceId, incarnation: u32, check: usize, answer: Answer, took: Duration },
    /// A line came that a dependent waits for.
    Said { id: ServiceId, incarnation: u32, line: String },
    /// A watched file changed.
    Changed(ServiceId, std::path::PathBuf),
    /// What all trees use.
    Usage(Vec<(ServiceId, Usage)>, Duration),
    /// Something for the ledger.
    Tell(Box<Decision>),
}

/// What the actor waits for the clock for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The machine of a service asked for it.
    Machine(ServiceId, MachineTimer),
    /// A span of `healthy_for` is over.
    Look,
    /// Look at what everything uses.
    Usage,
    /// A schedule is due.
    Due(ServiceId),
    /// Try again to store what is owed.
    Owed,
}

struct Actor {
    ports: Ports,
    sessions: crate::session::Handle,
    slots: BTreeMap<ServiceId, Slot>,
    units: HashMap<UnitId, ServiceId>,
    /// What each workspace is started with.
    callers: BTreeMap<Name, Arc<Env>>,
    timers: BTreeSet<(Duration, Timer)>,
    reports: mpsc::UnboundedSender<Report>,
    /// Effects that wait until their step is on disk.
    effects: Vec<(ServiceId, super::machine::Effect)>,
    owed: Decision,
    /// Services whose picture is old.
    dirty: BTreeSet<ServiceId>,
    /// Whether what somebody waits for may have changed.
    moved: bool,
    samplers: Vec<tokio::sync::oneshot::Sender<()>>,
    view: channel::Sender<Arc<View>>,
}

/// How often the actor looks at what everything uses, unasked.
const USAGE: Duration = Duration::from_secs(10);

/// Starts the actor after it has found again what goes on.
pub async fn spawn(sessions: crate::session::Handle, ports: Ports) -> Result<Handle, Refusal> {
    let (view, seen) = channel::channel(Arc::new(View::default()));
    let (inbox, asks) = mpsc::unbounded_channel();
    let (reports, reported) = mpsc::unbounded_channel();
    let handle = Handle::new(sessions.clone(), ports.clone(), inbox, seen);
    let mut actor = Actor {
        ports,
        sessions,
        slots: BTreeMap::new(),
        units: HashMap::new(),
        callers: BTreeMap::new(),
        timers: BTreeSet::new(),
        reports,
        effects: vec![],
        owed: Decision::new(),
        dirty: BTreeSet::new(),
        moved: false,
        samplers: vec![],
        view,
    };
    let events = actor.sessions.ports().units.events();
    let messages = actor.ports.mailbox.messages();
    actor.recover().await?;
    actor.timer(USAGE, Timer::Usage);
    tokio::spawn(actor.live(asks, events, reported, messages));
    Ok(handle)
}

impl Actor {
    async fn live(
        mut self,
        mut asks: mpsc::UnboundedReceiver<Ask>,
        mut events: mpsc::UnboundedReceiver<UnitEvent>,
        mut reports: mpsc::UnboundedReceiver<Report>,
        mut messages: mpsc::UnboundedReceiver<(UnitId, String)>,
    ) {
        loop {
            let wake = self.next_wake();
            // What shims tell goes first: it is what everything else is decided by.
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(event) => {
                        self.hear(event).await;
                        while let Ok(event) = events.try_recv() {
                            self.hear(event).await;
                        }
                    }
                    None => return,
                },
                report = reports.recv() => {
                    let mut next = report;
                    while let Some(report) = next {
                        self.take(report);
                        next = reports.try_recv().ok();
                    }
                }
                message = messages.recv() => if let Some((unit, text)) = message {
                    self.message(&unit, &text);
                },
                ask = asks.recv() => match ask {
                    Some(ask) => self.answer(ask).await,
                    None => return,
                },
                () = wait(wake) => self.ring(),
            }
            self.settle().await;
        }
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Input(id, input) => self.feed(&id, input),
            Report::Unit(id, unit) => self.settle_in(&id, unit),
            Report::Answer { id, incarnation, check, answer, took } => {
                self.note_answer(&id, check, &answer, took);
                self.feed(&id, Input::Answered { incarnation, check, answer });
            }
            Report::Said { id, incarnation, line } => {
                if let Some(slot) = self.slots.get_mut(&id)
                    && slot.state.incarnation == incarnation
                {
                    slot.said.insert(line);
                    self.moved = true;
                }
            }
            Report::Changed(id, path) => self.file_changed(&id, &path),
            Report::Usage(all, at) => self.note_usage(all, at),
            Report::Tell(decision) => drop(self.owed.append(*decision)),
        }
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Apply(apply, reply) => {
                let applied = self.apply(*apply).await;
                self.publish();
                let _ = reply.send(applied);
            }
            Ask::Tell(inputs, reply) => {
                for (id, input) in inputs {
                    self.unsuspend(&id);
                    self.feed(&id, input);
                }
                let stored = self.store().await;
                // Whoever asked sees what became of it.
                self.publish();
                let _ = reply.send(stored);
            }
            Ask::Remove(ids, reply) => {
                for id in ids {
                    self.retire(&id);
                }
                let stored = self.store().await;
                // Whoever asked sees what became of it.
                self.publish();
                let _ = reply.send(stored);
            }
            Ask::Sample(reply) => {
                self.samplers.push(reply);
                self.sample();
            }
            Ask::History(id, reply) => {
                let slot = self.slots.get(&id);
                let _ = reply.send(slot.map_or(vec![], |slot| slot.history.points().to_vec()));
            }
            Ask::Note(decision) => drop(self.owed.append(*decision)),
        }
    }

    fn now(&self) -> Moment {
        self.sessions.ports().clock.now()
    }

    fn uptime(&self) -> Duration {
        self.sessions.ports().clock.uptime()
    }

    fn timer(&mut self, pause: Duration, timer: Timer) {
        self.timers.insert((self.uptime() + pause, timer));
    }

    fn timer_once(&mut self, pause: Duration, timer: Timer) {
        if !self.timers.iter().any(|(_, armed)| *armed == timer) {
            self.timer(pause, timer);
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        let now = self.uptime();
        self.timers.first().map(|(at, _)| at.saturating_sub(now))
    }

    /// Rings every timer that is due.
    fn ring(&mut self) {
        let now = self.uptime();
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let Some((_, timer)) = self.timers.pop_first() else { return };
            match timer {
                Timer::Machine(id, timer) => self.feed(&id, Input::Woke(timer)),
                Timer::Look => self.moved = true,
                Timer::Usage => {
                    self.timer(USAGE, Timer::Usage);
                    self.sample();
                }
                Timer::Due(id) => self.fall_due(&id),
                Timer::Owed => (),
            }
        }
    }
}

/// Waits for a pause, or for ever.
#[expect(clippy::disallowed_methods, reason = "the one sleep of this actor")]
async fn wait(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}
