use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use super::{Key, Row, take::NewFiring};
use crate::{
    base::{Home, Moment, Name, Refusal},
    inbox::{Lookup, Secret},
    port::{Clock, Files, Watcher},
    trigger::{
        find::{self, Declared},
        model::{Ended, Started, Trigger},
        starter::Starter,
    },
};

/// Longest file that holds a secret.
const SECRET: usize = 4096;

/// What the triggers ask of the world.
#[derive(Clone)]
pub struct Ports {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Definitions and secrets.
    pub files: Arc<dyn Files>,
    /// Tells when files change.
    pub watcher: Arc<dyn Watcher>,
    /// Starts what a firing asks for.
    pub starter: Arc<dyn Starter>,
    /// The home.
    pub home: Home,
    /// The daemon's environment, where secrets are looked up.
    pub env: Arc<BTreeMap<String, String>>,
}

/// How the rest of gaia talks to the triggers. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    inbox: mpsc::UnboundedSender<Ask>,
    ports: Ports,
}

type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What became of something that wants to fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is being started.
    Started,
    /// It waits until an earlier one is over.
    Waits,
    /// It was taken before.
    Known,
    /// Nothing is started: why.
    Skipped(String),
}

/// What the actor is asked.
pub(crate) enum Ask {
    Enlist(Box<Declared>, Reply<()>),
    Reread(Name),
    Fire { key: Key, new: Box<NewFiring>, reply: Option<Reply<Taken>> },
    Switch { key: Key, enabled: bool, reply: Reply<()> },
    Answered { id: String, result: Result<Started, Refusal> },
    Over { id: String, ended: Ended },
    Rows(oneshot::Sender<Vec<Row>>),
    Trigger(Key, oneshot::Sender<Option<Arc<Trigger>>>),
}

impl Handle {
    pub(super) fn new(inbox: mpsc::UnboundedSender<Ask>, ports: Ports) -> Self {
        Self { inbox, ports }
    }

    /// Looks after the triggers of the workspace that a folder lies in, as it declares them now.
    pub async fn enlist(&self, dir: &Path) -> Result<Name, Refusal> {
        let declared = self.declared(dir)?;
        let workspace = declared.workspace.clone();
        self.ask(|reply| Ask::Enlist(Box::new(declared), reply)).await??;
        Ok(workspace)
    }

    /// What the workspace that a folder lies in declares now.
    pub(crate) fn declared(&self, dir: &Path) -> Result<Declared, Refusal> {
        let Ports { files, home, env, .. } = &self.ports;
        find::declared(&**files, home, (dir, env), self.now())
    }

    /// Fires a trigger as a person, with inputs in place of the declared ones; its slots are not
    /// touched.
    pub(crate) async fn fire(
        &self,
        key: Key,
        given: Map<String, Value>,
        by: String,
    ) -> Result<(String, Taken), Refusal> {
        let id = format!("manual/{}/{}/{}", key.0, key.1, uuid::Uuid::new_v4());
        let known = self.usual(&key).await?;
        let new = NewFiring { given, manual: true, ..NewFiring::new(id.clone(), by, known) };
        let new = Box::new(new);
        let taken = self.ask(|reply| Ask::Fire { key, new, reply: Some(reply) }).await??;
        Ok((id, taken))
    }

    /// What a firing by hand knows.
    async fn usual(&self, key: &Key) -> Result<Value, Refusal> {
        let trigger = self.trigger(key).await?;
        let kind = trigger.as_ref().map(|trigger| trigger.source.kind());
        Ok(match kind {
            Some("time") => {
                serde_json::json!({ "scheduled_at": iso(self.now()), "missed_count": 0 })
            }
            Some("file") => serde_json::json!({ "files": [] }),
            _ => serde_json::json!({}),
        })
    }

    /// Fires a trigger for a call from outside; the same delivery a second time starts nothing.
    pub(crate) async fn call(
        &self,
        key: Key,
        delivery: Option<String>,
        known: Value,
    ) -> Result<(String, Taken), Refusal> {
        let delivery = delivery.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let id = format!("ev/{}/{}/{delivery}", key.0, key.1);
        let new = Box::new(NewFiring::new(id.clone(), "a call".to_owned(), known));
        let taken = self.ask(|reply| Ask::Fire { key, new, reply: Some(reply) }).await??;
        Ok((id, taken))
    }

    /// Lets a trigger fire, or not, whatever its definition says.
    pub(crate) async fn switch(&self, key: Key, enabled: bool) -> Result<(), Refusal> {
        self.ask(|reply| Ask::Switch { key, enabled, reply }).await?
    }

    /// Every trigger with how far it is.
    pub(crate) async fn rows(&self) -> Result<Vec<Row>, Refusal> {
        self.ask(Ask::Rows).await
    }

    /// One trigger as it is declared.
    pub(crate) async fn trigger(&self, key: &Key) -> Result<Option<Arc<Trigger>>, Refusal> {
        self.ask(|reply| Ask::Trigger(key.clone(), reply)).await
    }

    /// A secret; the sentence says where it should be.
    pub(crate) fn secret(&self, secret: &Secret) -> Result<String, String> {
        let files = &self.ports.files;
        let read = |path: &Path| {
            let none = || format!("the file {} is not there", path.display());
            let text = files.read(path, SECRET)?.ok_or_else(none)?;
            String::from_utf8(text).map_err(|_| format!("{} holds no text", path.display()))
        };
        secret.find(&Lookup { env: &self.ports.env, read: &read })
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Moment {
        self.ports.clock.now()
    }

    /// Tells the actor something that needs no answer.
    pub(super) fn tell(&self, ask: Ask) {
        let _ = self.inbox.send(ask);
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let ended = || Refusal::broken("the triggers have ended");
        let (reply, answer) = oneshot::channel();
        self.inbox.send(make(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}

/// A moment in UTC, as programs read it.
pub(super) fn iso(moment: Moment) -> String {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| moment.0.to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
