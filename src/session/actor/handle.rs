use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::close::What;
use crate::{
    base::{Code, Home, Name, Refusal, UnitId, unit::LogRule},
    ledger::{self, Decision},
    port::{Clock, Files, Processes, Random, Tmux, Units},
    session::{
        model::Declared,
        record::{Origin, SessionRecord},
        view::View,
    },
};

/// How often a pane is tried to be made, and how long its shim is waited for each time.
const TRIES: u32 = 10;
const TRY: Duration = Duration::from_secs(1);

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
    log: LogRule,
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
    /// Only panes of these services and tasks are made; every pane where it is left out.
    pub(crate) only: Option<BTreeSet<String>>,
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
        (view, log): (watch::Receiver<Arc<View>>, LogRule),
    ) -> Self {
        Self { home, ports, ledger, inbox, view, log }
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

    /// The unit that a service has in a session, if its shim is there.
    pub(crate) fn service_unit(&self, session: &Name, service: &str) -> Option<UnitId> {
        let view = self.view();
        let pane = view.service_pane(session, service)?;
        if pane.state.has_shim() { pane.id.clone() } else { None }
    }

    /// The unit that a service has in a session, whatever became of it.
    pub(crate) fn unit_of_service(&self, session: &Name, service: &str) -> Option<UnitId> {
        self.view().service_pane(session, service)?.id.clone()
    }

    /// The session and the service that a unit belongs to.
    pub(crate) fn service_of(&self, unit: &UnitId) -> Option<(String, String)> {
        let view = self.view();
        let mut panes = view.panes();
        let (session, pane) = panes.find(|(_, pane)| pane.id.as_ref() == Some(unit))?;
        Some((session.name.clone(), pane.service.clone()?))
    }

    /// The tmux pane that shows a unit.
    pub(crate) fn tmux_pane(&self, unit: &UnitId) -> Option<String> {
        let view = self.view();
        let mut panes = view.panes();
        panes.find(|(_, pane)| pane.id.as_ref() == Some(unit))?.1.tmux.clone()
    }

    /// The unit of the pane of a service, made if need be; returns when its shim is there.
    ///
    /// What tmux shows and what shims tell arrive one after the other, so that a pane may seem to be
    /// there a moment longer than its shim: it is looked again until both agree.
    pub(crate) async fn open_service(
        &self,
        session: &Name,
        service: &str,
    ) -> Result<UnitId, Refusal> {
        let has_shim = |view: &View| {
            view.service_pane(session, service).is_some_and(|pane| pane.state.has_shim())
        };
        for _ in 0..TRIES {
            match self.service_unit(session, service) {
                Some(unit) if self.ports.units.found(&unit).await.is_ok_and(|f| f.alive) => {
                    return Ok(unit);
                }
                // Its shim is dead, and the session is about to hear it.
                Some(_) => drop(self.until(TRY, |view| !has_shim(view)).await),
                None => {
                    self.make_service(session, service).await?;
                    self.until(TRY, has_shim).await;
                }
            }
        }
        Err(Refusal::new(Code::Failed, format!("no pane could be made for {service}"))
            .help("`gaia doctor` looks at the tmux server"))
    }

    /// Waits a moment until the shim of a service has left.
    pub(crate) async fn service_gone(&self, session: &Name, service: &str) {
        let gone = |view: &View| {
            view.service_pane(session, service).is_none_or(|pane| !pane.state.has_shim())
        };
        self.until(TRY, gone).await;
    }

    async fn make_service(&self, session: &Name, service: &str) -> Result<(), Refusal> {
        let record = self.ledger.load::<SessionRecord>(session.as_str())?;
        let Some(record) = record else {
            let message = format!("its session `{session}` has ended");
            return Err(Refusal::new(Code::NotFound, message).help("`gaia up` opens it again"));
        };
        let request = OpenRequest {
            declared: record.declared,
            origin: record.origin,
            env: BTreeMap::new(),
            size: (200, 50),
            dry_run: false,
            fresh: false,
            hold: false,
            only: Some(BTreeSet::from([service.to_owned()])),
        };
        self.open(request).await.map(drop)
    }

    /// How much output of a program is kept.
    pub(crate) fn log_rule(&self) -> LogRule {
        self.log.clone()
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
