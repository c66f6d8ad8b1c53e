//! The shell of the sessions: one task that plans, stores, acts and listens.
//!
//! Rooms: `open` (bring the real to the declared), `close` (end panes and sessions), `events` (what
//! shims tell), `observe` (what tmux shows), `recover` (a daemon or a server came back), `keep`
//! (the ledger), `launch` (from a declared pane to the spec of its shim).
//!
//! Invariants:
//! - A unit id is stored before its pane is made, and the shim's lock lets a unit run only once:
//!   whatever dies in between, a restart finds the pane or makes it, and never makes a second.
//! - What shims tell is told once: a fact that could not be stored is owed, not dropped.

mod close;
mod events;
mod handle;
mod keep;
mod launch;
mod observe;
mod open;
mod prune;
mod recover;
mod task;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, watch};

pub(crate) use close::What;
pub(crate) use handle::{Ask, OpenRequest, Opened};
pub use handle::{Handle, Ports};
pub(crate) use observe::tmux_refusal;
pub(crate) use prune::{Pruned, prune};
pub(crate) use task::TaskPane;

use super::{
    record::{PaneRecord, SessionRecord},
    view::View,
};
use crate::{
    base::{
        Home, Moment, Name, Refusal, UnitId,
        unit::{LogRule, State},
    },
    ledger::{self, Decision},
    port::{SeenPane, Server, UnitEvent},
};

/// Structure hints of tmux are answered by one look after this pause, however many come.
const COALESCE: Duration = Duration::from_millis(50);

/// What the actor does of itself from time to time; zero spans are never.
#[derive(Debug, Clone)]
pub struct Upkeep {
    /// How long the folder of a unit is kept after its pane is gone.
    pub keep_logs: Duration,
    /// Idle time after which a session is ended.
    pub prune_idle: Duration,
    /// How much output of a pane is kept.
    pub log: LogRule,
}

/// How often old logs are looked for.
const SWEEP: Duration = Duration::from_secs(3600);

struct Actor {
    home: Home,
    upkeep: Upkeep,
    ports: Ports,
    ledger: ledger::Handle,
    sessions: BTreeMap<Name, SessionRecord>,
    panes: BTreeMap<UnitId, PaneRecord>,
    shims: BTreeMap<UnitId, State>,
    seen: Vec<SeenPane>,
    /// The server that showed `seen`; `None` when none answered.
    seen_by: Option<i32>,
    /// The server that last showed a unit.
    last_shown_by: BTreeMap<UnitId, i32>,
    server: Option<Server>,
    failures: BTreeMap<UnitId, u32>,
    /// By the uptime of the clock, which does not jump.
    timers: BTreeSet<(Duration, Timer)>,
    closings: Vec<close::Closing>,
    /// What happened and is not on disk yet.
    owed: Decision,
    last_id: (u64, u16),
    view: watch::Sender<Arc<View>>,
}

/// What the actor waits for the clock for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Start the program of a unit again.
    Again(UnitId),
    /// Give up waiting for a stop.
    Overdue,
    /// Try again to store what is owed.
    Owed,
    /// Look at tmux.
    Look,
    /// Remove logs that are old enough.
    Sweep,
}

/// Starts the actor after it has found again what goes on.
pub async fn spawn(
    home: Home,
    ports: Ports,
    ledger: ledger::Handle,
    upkeep: Upkeep,
) -> Result<Handle, Refusal> {
    let (view, seen_view) = watch::channel(Arc::new(View::default()));
    let (inbox, asks) = mpsc::channel(64);
    let handle = Handle::new(
        home.clone(),
        ports.clone(),
        ledger.clone(),
        inbox,
        (seen_view, upkeep.log.clone()),
    );
    let mut actor = Actor {
        home,
        upkeep,
        ports,
        ledger,
        sessions: BTreeMap::new(),
        panes: BTreeMap::new(),
        shims: BTreeMap::new(),
        seen: vec![],
        seen_by: None,
        last_shown_by: BTreeMap::new(),
        server: None,
        failures: BTreeMap::new(),
        timers: BTreeSet::new(),
        closings: vec![],
        owed: Decision::new(),
        last_id: (0, 0),
        view,
    };
    let events = actor.ports.units.events();
    actor.recover().await?;
    actor.timer(SWEEP, Timer::Sweep);
    let idle = actor.upkeep.prune_idle;
    tokio::spawn(actor.live(asks, events));
    prune::keep_pruning(handle.clone(), idle);
    Ok(handle)
}

impl Actor {
    async fn live(
        mut self,
        mut asks: mpsc::Receiver<Ask>,
        mut events: mpsc::UnboundedReceiver<UnitEvent>,
    ) {
        let mut changes = self.ports.tmux.changes();
        loop {
            let wake = self.next_wake();
            tokio::select! {
                ask = asks.recv() => match ask {
                    Some(ask) => self.answer(ask).await,
                    None => return,
                },
                event = events.recv() => match event {
                    Some(event) => self.hear(event, &mut events).await,
                    None => return,
                },
                hint = changes.changed() => match hint {
                    Ok(()) => self.timer_once(COALESCE, Timer::Look),
                    Err(_) => return,
                },
                () = wait(wake) => self.ring().await,
            }
        }
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Open(request, reply) => {
                let opened = self.open(*request).await;
                let _ = reply.send(opened);
            }
            Ask::Close(what, reply) => self.close(what, Some(reply)).await,
            Ask::Rename(from, to, reply) => {
                let renamed = self.rename(&from, to).await;
                let _ = reply.send(renamed);
            }
            Ask::Note(fact, reply) => {
                self.owed.append(*fact);
                self.pay().await;
                let _ = reply.send(());
            }
        }
    }

    fn now(&self) -> Moment {
        self.ports.clock.now()
    }

    /// A fresh id, later than every one before it.
    fn next_id(&mut self) -> UnitId {
        let (millis, tail) = (self.now().0.max(self.last_id.0), self.ports.random.word() & 0x3fff);
        let tail = if millis == self.last_id.0 { self.last_id.1 + 1 } else { tail };
        // 14 random bits leave room for as many ids in the same millisecond.
        self.last_id = if tail > 0x7fff { (millis + 1, 0) } else { (millis, tail) };
        UnitId::new(self.last_id.0, self.last_id.1)
    }

    fn timer(&mut self, pause: Duration, timer: Timer) {
        self.timers.insert((self.ports.clock.uptime() + pause, timer));
    }

    /// Arms a timer unless one of its kind is armed.
    fn timer_once(&mut self, pause: Duration, timer: Timer) {
        if !self.timers.iter().any(|(_, armed)| *armed == timer) {
            self.timer(pause, timer);
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        let now = self.ports.clock.uptime();
        self.timers.first().map(|(at, _)| at.saturating_sub(now))
    }

    /// Rings every timer that is due.
    async fn ring(&mut self) {
        let now = self.ports.clock.uptime();
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let Some((_, timer)) = self.timers.pop_first() else { return };
            match timer {
                Timer::Again(unit) => self.start_again(&unit).await,
                Timer::Overdue => self.give_up_waiting().await,
                Timer::Owed => self.pay().await,
                Timer::Look => self.look().await,
                Timer::Sweep => self.sweep().await,
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
