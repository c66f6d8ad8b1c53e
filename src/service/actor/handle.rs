use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot, watch};

use super::{Applied, Apply};
use crate::{
    base::Refusal,
    ledger::Decision,
    port::{Mailbox, Prober, Watcher},
    service::{
        history::{self, Chunk, Point},
        machine::{Cause, Input},
        model::ServiceId,
        view::View,
    },
};

/// What the services ask of the world besides what sessions do.
#[derive(Clone)]
pub struct Ports {
    /// Asks how programs are.
    pub prober: Arc<dyn Prober>,
    /// Tells when files change.
    pub watcher: Arc<dyn Watcher>,
    /// Where programs say how they are.
    pub mailbox: Arc<dyn Mailbox>,
}

/// How the rest of gaia talks to the services. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    sessions: crate::session::Handle,
    ports: Ports,
    inbox: mpsc::UnboundedSender<Ask>,
    view: watch::Receiver<Arc<View>>,
}

/// What the actor is asked.
pub(crate) enum Ask {
    Apply(Box<Apply>, oneshot::Sender<Result<Applied, Refusal>>),
    Tell(Vec<(ServiceId, Input)>, oneshot::Sender<Result<(), Refusal>>),
    Remove(Vec<ServiceId>, oneshot::Sender<Result<(), Refusal>>),
    Sample(oneshot::Sender<()>),
    History(ServiceId, oneshot::Sender<Vec<Point>>),
    Note(Box<Decision>),
}

impl Handle {
    pub(super) fn new(
        sessions: crate::session::Handle,
        ports: Ports,
        inbox: mpsc::UnboundedSender<Ask>,
        view: watch::Receiver<Arc<View>>,
    ) -> Self {
        Self { sessions, ports, inbox, view }
    }

    /// The present picture; free.
    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.borrow())
    }

    /// The picture as it changes.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// The sessions that the services live in.
    pub(crate) fn sessions(&self) -> &crate::session::Handle {
        &self.sessions
    }

    /// The world, for verbs that only look.
    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
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

    /// Brings services to new definitions.
    pub(crate) async fn apply(&self, apply: Apply) -> Result<Applied, Refusal> {
        self.ask(|reply| Ask::Apply(Box::new(apply), reply)).await?
    }

    /// Tells services something; returns when it is on disk.
    pub(crate) async fn tell(&self, inputs: Vec<(ServiceId, Input)>) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Tell(inputs, reply)).await?
    }

    /// Restarts a service, as a person would.
    pub(crate) async fn restart(&self, id: ServiceId) -> Result<(), Refusal> {
        self.tell(vec![(id, Input::Restart(Cause::User))]).await
    }

    /// Stops services and keeps them no more.
    pub(crate) async fn remove(&self, ids: Vec<ServiceId>) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Remove(ids, reply)).await?
    }

    /// Looks at what everything uses, now.
    pub(crate) async fn sample(&self) {
        let _ = self.ask(Ask::Sample).await;
    }

    /// What a service used over the last day.
    pub(crate) async fn history(&self, id: ServiceId) -> Result<Vec<Point>, Refusal> {
        let fresh = self.ask(|reply| Ask::History(id.clone(), reply)).await?;
        let ledger = self.sessions.ledger();
        let chunks = history::keys(&id).filter_map(|key| ledger.load::<Chunk>(&key).transpose());
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        Ok(history::day(chunks, &fresh, self.sessions.ports().clock.now()))
    }

    /// Writes facts down.
    pub(crate) fn note(&self, decision: Decision) {
        let _ = self.inbox.send(Ask::Note(Box::new(decision)));
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the service actor has ended");
        self.inbox.send(make(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}
