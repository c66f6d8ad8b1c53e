use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use super::desk::Desk;
use crate::{
    base::{ItemId, Moment, Name, Refusal},
    inbox::{
        channel::{Message, Said, config::Configured},
        model::{Answer, Item, NewItem, Notice, Who},
        record::Told,
        view::View,
    },
    port::{Clock, Files, Notifier, Random, Watcher},
};

/// What the inbox asks of the world.
#[derive(Clone)]
pub struct Ports {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub random: Arc<dyn Random>,
    /// Questions as files, and secrets.
    pub files: Arc<dyn Files>,
    /// Tells when a person has written an answer.
    pub watcher: Arc<dyn Watcher>,
    /// Sends messages.
    pub notifier: Arc<dyn Notifier>,
}

/// What a person has set.
pub struct Options {
    /// The ways to them.
    pub channels: Vec<Configured>,
    /// The daemon's environment, where secrets are looked up.
    pub env: BTreeMap<String, String>,
    /// Who answers by a file.
    pub user: String,
    /// Pauses between the tries of one message.
    pub pauses: Vec<Duration>,
}

impl Options {
    /// How often, and how long apart, a message is tried again.
    #[must_use]
    pub fn pauses() -> Vec<Duration> {
        [1, 5, 25].map(Duration::from_secs).to_vec()
    }
}

/// How the rest of gaia talks to the inbox. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    inbox: mpsc::UnboundedSender<Ask>,
    view: watch::Receiver<Arc<View>>,
    desk: Arc<Desk>,
}

type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What the actor is asked.
pub(crate) enum Ask {
    Raise(Box<NewItem>, Reply<ItemId>),
    Answer {
        id: ItemId,
        answer: Answer,
        who: Who,
        reply: Reply<Arc<Item>>,
    },
    Withdraw {
        id: ItemId,
        why: String,
        reply: Reply<Arc<Item>>,
    },
    Heard {
        channel: String,
        said: Said,
        reply: oneshot::Sender<Option<Result<Arc<Item>, Refusal>>>,
    },
    Told {
        channel: String,
        message: Box<Message>,
        told: Told,
    },
    Folder {
        workspace: Name,
        folder: Option<PathBuf>,
        reply: Reply<()>,
    },
}

impl Handle {
    pub(super) fn new(
        inbox: mpsc::UnboundedSender<Ask>,
        view: watch::Receiver<Arc<View>>,
        desk: Arc<Desk>,
    ) -> Self {
        Self { inbox, view, desk }
    }

    /// Lays something before a person; returns when it is on disk. With the key of an item that is
    /// there already, that one is meant.
    pub async fn raise(&self, new: NewItem) -> Result<ItemId, Refusal> {
        self.ask(|reply| Ask::Raise(Box::new(new), reply)).await?
    }

    /// Answers an item, once: what is closed already is refused and says how it was closed.
    pub async fn answer(
        &self,
        id: &ItemId,
        answer: Answer,
        who: Who,
    ) -> Result<Arc<Item>, Refusal> {
        let id = id.clone();
        self.ask(|reply| Ask::Answer { id, answer, who, reply }).await?
    }

    /// Takes an item back that nobody wants answered any more.
    pub async fn withdraw(&self, id: &ItemId, why: &str) -> Result<Arc<Item>, Refusal> {
        let (id, why) = (id.clone(), why.to_owned());
        self.ask(|reply| Ask::Withdraw { id, why, reply }).await?
    }

    /// Waits until an item is open no more. Dropping it costs nothing; call it again after a
    /// restart.
    pub async fn wait(&self, id: &ItemId) -> Result<Arc<Item>, Refusal> {
        let mut view = self.view.clone();
        let closed = |view: &Arc<View>| view.items.get(id).is_none_or(|item| !item.is_open());
        let view = view.wait_for(closed).await.map_err(|_| ended())?;
        view.find(id.as_str())
    }

    /// The present picture; free.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// The picture as it changes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// Tells a person something that needs no answer. Never waits; the same within a minute is
    /// told once.
    pub fn notify(&self, notice: Notice) {
        self.desk.notify(notice);
    }

    /// Keeps the questions of a workspace as files in this folder too, or no more.
    pub async fn keep_files(
        &self,
        workspace: Name,
        folder: Option<PathBuf>,
    ) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Folder { workspace, folder, reply }).await?
    }

    /// The present moment, by the clock that items expire by.
    pub(crate) fn now(&self) -> Moment {
        self.desk.now()
    }

    /// What a person said on a channel; `None` if it was about no item.
    pub(super) async fn heard(
        &self,
        channel: &str,
        said: Said,
    ) -> Option<Result<Arc<Item>, Refusal>> {
        let channel = channel.to_owned();
        self.ask(|reply| Ask::Heard { channel, said, reply }).await.ok()?
    }

    /// What became of a message.
    pub(super) fn told(&self, channel: &str, message: Message, told: Told) {
        let (channel, message) = (channel.to_owned(), Box::new(message));
        let _ = self.inbox.send(Ask::Told { channel, message, told });
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.inbox.send(make(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}

fn ended() -> Refusal {
    Refusal::broken("the inbox has ended")
}
