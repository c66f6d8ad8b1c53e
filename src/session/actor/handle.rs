use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use super::close::What;
use crate::{
    base::{Home, Name, Refusal},
    ledger::{self, Decision},
    port::{Clock, Files, Processes, Random, Tmux, Units},
    session::{model::Declared, record::Origin, view::View},
};

/// What the sessions ask of the world.
#[derive(Clone)]
pub struct Ports {
    /// The private tmux server.
    pub tmux: Arc<dyn Tmux>,
    /// The shims.
    pub units: Arc<dyn Units>,
    /// The processes of the machine.
    pub processes: Arc<dyn Processes>,
    /// The files of the person.
    pub files: Arc<dyn Files>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Tails of ids.
    pub random: Arc<dyn Random>,
}

/// How the rest of gaia talks to the sessions. Cheap to clone; hides the channels.
#[derive(Clone)]
pub struct Handle {
    home: Home,
    ports: Ports,
    ledger: ledger::Handle,
    inbox: mpsc::Sender<Ask>,
    view: watch::Receiver<Arc<View>>,
}

/// What the actor is asked.
pub(crate) enum Ask {
    Open(Box<OpenRequest>, oneshot::Sender<Result<Opened, Refusal>>),
    Close(What, oneshot::Sender<Result<(), Refusal>>),
    Rename(Name, Name, oneshot::Sender<Result<(), Refusal>>),
    Note(Box<Decision>, oneshot::Sender<()>),
}

/// A session to bring to its declaration.
pub(crate) struct OpenRequest {
    /// What it shall be.
    pub(crate) declared: Declared,
    /// Where that comes from.
    pub(crate) origin: Origin,
    /// Environment of whoever asks.
    pub(crate) env: BTreeMap<String, String>,
    /// Columns and rows of a session that is made.
    pub(crate) size: (u16, u16),
    /// Only say what would be done.
    pub(crate) dry_run: bool,
    /// Refuse if the session is there already.
    pub(crate) fresh: bool,
    /// Programs not marked `autostart` wait for a person's word.
    pub(crate) hold: bool,
}

/// What was done, in the words of the moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) moves: Vec<String>,
}

impl Handle {
    pub(super) fn new(
        home: Home,
        ports: Ports,
        ledger: ledger::Handle,
        inbox: mpsc::Sender<Ask>,
        view: watch::Receiver<Arc<View>>,
    ) -> Self {
        Self { home, ports, ledger, inbox, view }
    }

    /// The present picture; free.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// Ends the tmux server if it shows nothing: a daemon that ends leaves no empty one behind.
    pub async fn end_empty_server(&self) {
        let tmux = &self.ports.tmux;
        if self.view().sessions.is_empty()
            && tmux.list().await.is_ok_and(|listing| listing.panes.is_empty())
            && let Err(error) = tmux.kill_server().await
        {
            tracing::warn!(%error, "the empty tmux server stays");
        }
    }

    /// The home all this lives in.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// The world, for verbs that only look or type.
    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> &ledger::Handle {
        &self.ledger
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

    /// Brings a session to its declaration.
    pub(crate) async fn open(&self, request: OpenRequest) -> Result<Opened, Refusal> {
        self.ask(|reply| Ask::Open(Box::new(request), reply)).await?
    }

    /// Ends a session, a window or a pane; returns when it has ended.
    pub(crate) async fn close(&self, what: What) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Close(what, reply)).await?
    }

    /// Gives a session another name.
    pub(crate) async fn rename(&self, from: Name, to: Name) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Rename(from, to, reply)).await?
    }

    /// Writes facts down in order with what the actor itself writes.
    pub(crate) async fn note(&self, decision: Decision) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Note(Box::new(decision), reply)).await
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = |_| Refusal::broken("the session actor has ended");
        self.inbox.send(make(reply)).await.map_err(|_| ended(()))?;
        answer.await.map_err(|_| ended(()))
    }
}
