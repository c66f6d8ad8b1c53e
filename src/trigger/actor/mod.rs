//! The shell of the triggers: one task that hears the clock, files, calls and the ledger, stores
//! what fires, and has it started.
//!
//! Rooms: `book` (which workspaces declare what), `time` (slots that are due), `hear` (facts),
//! `take` (one firing: stored, then started), `over` (what was started, and how it ended),
//! `recover`, `watch` (files), `rows` (what people see).
//!
//! Invariants:
//! - A firing is stored in one step with what it settles (its slot, its fact), then started; what
//!   was stored and not started is started after a restart, by the same id.
//! - What was taken in is not forgotten because the store did not take it: it is tried again.

mod book;
mod handle;
mod hear;
mod over;
mod recover;
mod rows;
mod take;
mod time;
mod watch;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

pub(crate) use handle::Ask;
pub(crate) use handle::Taken;
pub use handle::{Handle, Ports};
pub(crate) use rows::Row;

use super::{
    model::Trigger,
    record::{FiringRecord, TriggerRecord},
};
use crate::{
    base::{Moment, Name, Refusal},
    ledger::{self, Decision, Entry},
};

/// The clock is looked at this often while something fires by it: it may be set, machines sleep.
const LOOK: Duration = Duration::from_secs(60);
/// Pause after a store that did not take what it was given.
const AGAIN: Duration = Duration::from_secs(2);

/// Workspace and trigger.
type Key = (Name, Name);

struct Actor {
    ports: Ports,
    ledger: ledger::Handle,
    handle: Handle,
    spaces: BTreeMap<Name, Space>,
    marks: BTreeMap<Key, TriggerRecord>,
    firings: BTreeMap<String, FiringRecord>,
    facts: Option<Pin<Box<dyn Stream<Item = Arc<Entry>> + Send>>>,
    /// The entry that is being heard, until what it fires is stored.
    hearing: Option<Arc<Entry>>,
    /// Position up to which the ledger was heard, and the one that is stored.
    cursor: (u64, u64),
    /// What has to be done again since the store did not take it.
    again: VecDeque<Ask>,
    /// The store did not take something.
    troubled: bool,
    /// Wall clock and uptime when they were last looked at.
    seen: (Moment, Duration),
}

/// A workspace as it was last read.
struct Space {
    dir: PathBuf,
    triggers: BTreeMap<Name, Arc<Trigger>>,
    /// Why it cannot be read now; what was read before goes on.
    fault: Option<String>,
    files: BTreeMap<Name, watch::Task>,
    _definition: Vec<watch::Task>,
}

/// Starts the triggers: what was fired and not started is started, what was missed is decided
/// about.
pub async fn spawn(ledger: ledger::Handle, ports: Ports) -> Result<Handle, Refusal> {
    let (actor, asks) = build(ledger, ports).await?;
    let handle = actor.handle.clone();
    tokio::spawn(actor.live(asks));
    Ok(handle)
}

async fn build(
    ledger: ledger::Handle,
    ports: Ports,
) -> Result<(Actor, mpsc::UnboundedReceiver<Ask>), Refusal> {
    let (inbox, asks) = mpsc::unbounded_channel();
    let handle = Handle::new(inbox, ports.clone());
    let seen = (ports.clock.now(), ports.clock.uptime());
    let mut actor = Actor {
        ports,
        ledger,
        handle,
        spaces: BTreeMap::new(),
        marks: BTreeMap::new(),
        firings: BTreeMap::new(),
        facts: None,
        hearing: None,
        cursor: (0, 0),
        again: VecDeque::new(),
        troubled: false,
        seen,
    };
    actor.recover().await?;
    Ok((actor, asks))
}

impl Actor {
    async fn live(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        loop {
            let wake = self.next_wake();
            let quiet = self.hearing.is_none();
            tokio::select! {
                ask = asks.recv() => match ask {
                    Some(ask) => self.answer(ask).await,
                    None => return,
                },
                Some(entry) = next(&mut self.facts), if quiet => {
                    self.hearing = Some(entry);
                    self.hear().await;
                }
                () = pause(wake) => self.wake().await,
            }
        }
    }

    async fn wake(&mut self) {
        self.troubled = false;
        for ask in std::mem::take(&mut self.again) {
            self.answer(ask).await;
        }
        self.hear().await;
        self.tick().await;
    }

    async fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Enlist(declared, reply) => drop(reply.send(self.enlist(*declared).await)),
            Ask::Reread(workspace) => self.reread(&workspace).await,
            Ask::Fire { key, new, reply } => {
                let taken = self.fire(&key, *new).await;
                if let Some(reply) = reply {
                    drop(reply.send(taken));
                } else if let Err(refusal) = taken {
                    tracing::warn!(%refusal, "a trigger could not fire");
                }
            }
            Ask::Switch { key, enabled, reply } => {
                drop(reply.send(self.switch(&key, enabled, "a person said so").await));
            }
            Ask::Answered { id, result } => {
                if self.answered(&id, result.clone()).await.is_err() {
                    self.troubled = true;
                    self.again.push_back(Ask::Answered { id, result });
                }
            }
            Ask::Over { id, ended } => {
                if self.over(&id, ended.clone()).await.is_err() {
                    self.troubled = true;
                    self.again.push_back(Ask::Over { id, ended });
                }
            }
            Ask::Rows(reply) => drop(reply.send(self.rows())),
            Ask::Trigger(key, reply) => drop(reply.send(self.trigger(&key).ok())),
        }
    }

    /// Stores a decision; afterwards the records in it are those in memory.
    async fn commit(&mut self, decision: Decision) -> Result<(), Refusal> {
        if decision.is_empty() {
            return Ok(());
        }
        self.ledger.commit(decision).await.map(drop)
    }

    fn next_wake(&self) -> Option<Duration> {
        if self.troubled {
            return Some(AGAIN);
        }
        let now = self.ports.clock.now();
        self.next_due().map(|next| next.since(now).min(LOOK))
    }
}

/// The next fact; never, if none is listened to.
async fn next(
    facts: &mut Option<Pin<Box<dyn Stream<Item = Arc<Entry>> + Send>>>,
) -> Option<Arc<Entry>> {
    match facts {
        Some(facts) => facts.next().await,
        None => std::future::pending().await,
    }
}

/// Waits for a pause, or for ever.
#[expect(clippy::disallowed_methods, reason = "the one sleep of this slice")]
async fn pause(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}
