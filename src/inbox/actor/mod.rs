//! The shell of the inbox: one task that takes what is raised and answered, stores it, and tells.
//!
//! Rooms: `desk` (messages on their way to channels), `back` (what people say on a channel),
//! `folder` (questions as files).
//!
//! Invariants:
//! - Store, then tell: nobody hears of an item, or of its answer, before that is on disk.
//! - An item leaves `open` once: every wish goes through this one task.
//! - No channel holds up anybody: each has a task and a queue of its own.

mod back;
mod desk;
mod folder;
mod handle;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, watch};

use desk::Desk;
pub(crate) use handle::Ask;
pub use handle::{Handle, Options, Ports};

use super::{
    channel::{Message, Said},
    fact::{self, Failed, Sent},
    machine,
    model::{Answer, Item, NewItem, Who},
    record::{FolderRecord, ItemRecord, Told},
    view::View,
};
use crate::{
    base::{ItemId, Name, Refusal},
    ledger::{self, Decision},
};

/// Closed items that are kept.
const KEPT: usize = 500;
/// The wall clock may jump and machines sleep: it is looked at this often while something expires.
const LOOK: Duration = Duration::from_secs(60);
/// Pause after a store that did not take what it was given.
const AGAIN: Duration = Duration::from_secs(2);

struct Actor {
    ports: Ports,
    user: String,
    ledger: ledger::Handle,
    desk: Arc<Desk>,
    handle: Handle,
    items: BTreeMap<ItemId, Slot>,
    keys: HashMap<String, ItemId>,
    folders: BTreeMap<Name, folder::Task>,
    /// The last try to close what has expired did not work.
    troubled: bool,
    view: watch::Sender<Arc<View>>,
}

/// An item in memory.
struct Slot {
    item: Arc<Item>,
    told: BTreeMap<String, Told>,
}

/// Starts the inbox: what was open is open, what expired meanwhile is closed, what was not told
/// is told.
pub async fn spawn(
    ledger: ledger::Handle,
    ports: Ports,
    options: Options,
) -> Result<Handle, Refusal> {
    let (view, seen) = watch::channel(Arc::new(View::default()));
    let (inbox, asks) = mpsc::unbounded_channel();
    let user = options.user.clone();
    let (desk, starts) = Desk::new(&ports, options);
    let desk = Arc::new(desk);
    let handle = Handle::new(inbox, seen, Arc::clone(&desk));
    let mut actor = Actor {
        ports,
        user,
        ledger,
        desk,
        handle: handle.clone(),
        items: BTreeMap::new(),
        keys: HashMap::new(),
        folders: BTreeMap::new(),
        troubled: false,
        view,
    };
    actor.recover().await?;
    starts.run(&handle);
    tokio::spawn(actor.live(asks));
    Ok(handle)
}

impl Actor {
    async fn recover(&mut self) -> Result<(), Refusal> {
        for ItemRecord { item, told } in self.ledger.scan::<ItemRecord>()? {
            if let Some(key) = &item.key {
                self.keys.insert(key.clone(), item.id.clone());
            }
            self.items.insert(item.id.clone(), Slot { item: Arc::new(item), told });
        }
        self.expire_due().await;
        self.publish();
        for slot in self.items.values().filter(|slot| slot.item.is_open()) {
            // It may be told twice after a crash, but never not at all.
            self.desk
                .post(&Message::of_item(&slot.item), |channel| !slot.told.contains_key(channel));
        }
        for record in self.ledger.scan::<FolderRecord>()? {
            self.open_folder(record);
        }
        Ok(())
    }

    async fn live(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        loop {
            let wake = self.next_wake();
            tokio::select! {
                ask = asks.recv() => match ask {
                    Some(ask) => {
                        // Who comes too late is told so, even if the timer has not rung yet.
                        self.expire_due().await;
                        self.take(ask).await;
                    }
                    None => return,
                },
                () = pause(wake) => self.expire_due().await,
            }
        }
    }

    async fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Raise(new, reply) => drop(reply.send(self.raise(*new).await)),
            Ask::Answer { id, answer, who, reply } => {
                drop(reply.send(self.answer(&id, answer, who).await));
            }
            Ask::Withdraw { id, why, reply } => {
                let now = self.ports.clock.now();
                let closed = self.item(&id).and_then(|item| machine::withdraw(&item, &why, now));
                let done = match closed {
                    Ok(item) => self.store(item).await,
                    Err(refusal) => Err(refusal),
                };
                drop(reply.send(done));
            }
            Ask::Heard { channel, said, reply } => {
                drop(reply.send(self.hear(channel, said).await));
            }
            Ask::Told { channel, message, told } => self.note(channel, &message, told).await,
            Ask::Folder { workspace, folder, reply } => {
                drop(reply.send(self.keep_folder(workspace, folder).await));
            }
        }
    }

    fn item(&self, id: &ItemId) -> Result<Arc<Item>, Refusal> {
        self.view.borrow().find(id.as_str())
    }

    async fn raise(&mut self, new: NewItem) -> Result<ItemId, Refusal> {
        if let Some(id) = new.key.as_ref().and_then(|key| self.keys.get(key)) {
            return Ok(id.clone());
        }
        let now = self.ports.clock.now();
        let mut id = ItemId::new(now.0, self.ports.random.word());
        while self.items.contains_key(&id) {
            id = ItemId::new(now.0, self.ports.random.word());
        }
        let item = machine::raise(new, id.clone(), now)?;
        let message = Message::of_item(&item);
        self.store(item).await?;
        self.desk.post(&message, |_| true);
        Ok(id)
    }

    async fn answer(
        &mut self,
        id: &ItemId,
        answer: Answer,
        who: Who,
    ) -> Result<Arc<Item>, Refusal> {
        let item = self.item(id)?;
        let closed = machine::answer(&item, answer, who, self.ports.clock.now())?;
        self.store(closed).await
    }

    /// What a person said to a message of ours; `None` if it was to no item.
    async fn hear(&mut self, channel: String, said: Said) -> Option<Result<Arc<Item>, Refusal>> {
        let message = Told::Sent(said.to);
        let slot = self.items.values().find(|slot| slot.told.get(&channel) == Some(&message))?;
        let item = Arc::clone(&slot.item);
        let answer = machine::read_reply(&item, &said.text);
        Some(self.answer(&item.id, answer, Who { by: said.by, via: channel }).await)
    }

    /// Stores an item as it is now, with what happened to it; then everybody sees it.
    async fn store(&mut self, item: Item) -> Result<Arc<Item>, Refusal> {
        let told = self.items.get(&item.id).map(|slot| slot.told.clone()).unwrap_or_default();
        let record = ItemRecord { item, told };
        let mut decision = Decision::new();
        decision.put(&record);
        fact::tell(&mut decision, &record.item);
        let forgotten = if record.item.is_open() { vec![] } else { self.excess() };
        for id in &forgotten {
            decision.delete::<ItemRecord>(id.as_str());
        }
        self.ledger.commit(decision).await?;
        for id in forgotten {
            if let Some(key) = self.items.remove(&id).and_then(|slot| slot.item.key.clone()) {
                self.keys.remove(&key);
            }
        }
        let ItemRecord { item, told } = record;
        let item = Arc::new(item);
        if let Some(key) = &item.key {
            self.keys.insert(key.clone(), item.id.clone());
        }
        self.items.insert(item.id.clone(), Slot { item: Arc::clone(&item), told });
        self.publish();
        Ok(item)
    }

    /// The oldest closed items, if one more would be too many.
    fn excess(&self) -> Vec<ItemId> {
        let closed = self.items.values().filter_map(|slot| Some((slot.item.closed()?, &slot.item)));
        let mut closed: Vec<_> = closed.map(|(at, item)| (at, item.id.clone())).collect();
        closed.sort();
        let excess = (closed.len() + 1).saturating_sub(KEPT);
        closed.into_iter().take(excess).map(|(_, id)| id).collect()
    }

    /// Writes down what became of a message.
    async fn note(&mut self, channel: String, message: &Message, told: Told) {
        let mut decision = Decision::new();
        let (item, kind, title) =
            (message.item.clone(), message.kind.clone(), message.title.clone());
        match &told {
            Told::Sent(_) => {
                decision.fact(&Sent { channel: channel.clone(), item, kind, title });
            }
            Told::Failed(error) => {
                let (channel, error) = (channel.clone(), error.clone());
                decision.fact(&Failed { channel, item, kind, title, error });
            }
        }
        if let Some(slot) = message.item.as_ref().and_then(|id| self.items.get_mut(id)) {
            slot.told.insert(channel, told);
            let (item, told) = (Item::clone(&slot.item), slot.told.clone());
            decision.put(&ItemRecord { item, told });
        }
        if let Err(error) = self.ledger.commit(decision).await {
            tracing::warn!(%error, "what became of a message is not written down");
        }
    }

    /// Closes what has expired.
    async fn expire_due(&mut self) {
        let now = self.ports.clock.now();
        let due: Vec<Item> =
            self.items.values().filter_map(|slot| machine::expire(&slot.item, now)).collect();
        self.troubled = false;
        for item in due {
            if let Err(error) = self.store(item).await {
                tracing::error!(%error, "an item that expired cannot be stored");
                self.troubled = true;
            }
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        let open = self.items.values().filter(|slot| slot.item.is_open());
        let next = open.filter_map(|slot| slot.item.expires).min()?;
        let until = next.since(self.ports.clock.now()).min(LOOK);
        Some(if self.troubled { until.max(AGAIN) } else { until })
    }

    fn publish(&self) {
        let items = self.items.iter().map(|(id, slot)| (id.clone(), Arc::clone(&slot.item)));
        self.view.send_replace(Arc::new(View { items: items.collect() }));
    }

    async fn keep_folder(
        &mut self,
        workspace: Name,
        folder: Option<std::path::PathBuf>,
    ) -> Result<(), Refusal> {
        let mut decision = Decision::new();
        match folder {
            None => {
                decision.delete::<FolderRecord>(workspace.as_str());
                self.ledger.commit(decision).await?;
                self.folders.remove(&workspace);
            }
            Some(folder) => {
                let record = FolderRecord { workspace, folder };
                folder::check(&*self.ports.files, &record.folder)?;
                decision.put(&record);
                self.ledger.commit(decision).await?;
                self.open_folder(record);
            }
        }
        Ok(())
    }

    fn open_folder(&mut self, record: FolderRecord) {
        let workspace = record.workspace.clone();
        // The one before must not answer beside it.
        self.folders.remove(&workspace);
        let task =
            folder::start(record, self.ports.clone(), self.handle.clone(), self.user.clone());
        self.folders.insert(workspace, task);
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
