//! The units of a home: folders on disk, and one connection to each shim.

mod files;
mod follow;
mod link;
mod log;

use std::{
    collections::HashMap,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{mpsc, watch},
};

use crate::{
    base::{
        Home, Mark, UnitId,
        unit::{Spec, State},
        wire::Ask,
    },
    port::{Found, LogSpan, UnitError, UnitEvent, Units},
};

use link::Link;

/// The real units.
pub struct SystemUnits {
    home: Home,
    exe: PathBuf,
    shared: Arc<Shared>,
}

/// What the connections share.
#[derive(Default)]
struct Shared {
    links: Mutex<HashMap<UnitId, Link>>,
    listeners: Mutex<Vec<mpsc::UnboundedSender<UnitEvent>>>,
}

impl SystemUnits {
    /// The units of a home; `exe` is the gaia that new panes run. Listens for shims that say hello.
    pub fn new(home: Home, exe: PathBuf) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let path = home.hello_socket();
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        tokio::spawn(welcome(listener, Arc::clone(&shared)));
        Ok(Self { home, exe, shared })
    }

    fn link(&self, id: &UnitId) -> Result<Link, UnitError> {
        self.shared.get(id).ok_or_else(|| UnitError::NotRunning(id.clone()))
    }
}

/// Takes every shim that dials.
async fn welcome(listener: UnixListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if let Err(error) = link::open(stream, &shared).await {
                tracing::warn!(%error, "a stranger on the hello socket");
            }
        });
    }
}

impl Shared {
    fn links(&self) -> std::sync::MutexGuard<'_, HashMap<UnitId, Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells everyone who listens.
    fn tell(&self, event: &UnitEvent) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(event.clone()).is_ok());
    }

    fn get(&self, id: &UnitId) -> Option<Link> {
        self.links().get(id).cloned()
    }
}

#[async_trait]
impl Units for SystemUnits {
    async fn prepare(&self, spec: &Spec) -> Result<(), UnitError> {
        let folder = self.home.unit(&spec.id);
        let text = serde_json::to_vec(spec).map_err(|e| io(&spec.id, &e))?;
        let written = super::files::private_dir(&folder)
            .and_then(|()| super::files::replace(&folder.join(crate::base::unit::SPEC), &text));
        written.map_err(|e| io(&spec.id, &e))
    }

    async fn spec(&self, id: &UnitId) -> Result<Spec, UnitError> {
        files::spec(&self.home, id)
    }

    fn argv(&self, id: &UnitId, view: bool) -> Vec<String> {
        let mut argv = vec![self.exe.display().to_string(), "pane".to_owned()];
        argv.extend(view.then(|| "--view".to_owned()));
        argv.push(self.home.unit(id).display().to_string());
        argv
    }

    async fn all(&self) -> Result<Vec<UnitId>, UnitError> {
        Ok(files::all(&self.home))
    }

    async fn found(&self, id: &UnitId) -> Result<Found, UnitError> {
        Ok(files::found(&self.home, id))
    }

    async fn connect(&self, id: &UnitId) -> Result<State, UnitError> {
        if let Some(link) = self.shared.get(id) {
            return link.ask(id, Ask::State).await;
        }
        let socket = self.home.unit_socket(id);
        let stream = UnixStream::connect(&socket).await;
        let stream = stream.map_err(|_| UnitError::NotRunning(id.clone()))?;
        link::open(stream, &self.shared).await.map_err(|e| io(id, &e))
    }

    async fn ask(&self, id: &UnitId, ask: Ask) -> Result<State, UnitError> {
        self.link(id)?.ask(id, ask).await
    }

    async fn input(&self, id: &UnitId, bytes: Vec<u8>, paste: bool) -> Result<u64, UnitError> {
        self.link(id)?.input(id, bytes, paste).await
    }

    async fn output(&self, id: &UnitId, from: u64, max: usize) -> Result<LogSpan, UnitError> {
        log::read(&self.home, id, from, max).map_err(|e| io(id, &e))
    }

    async fn marks(&self, id: &UnitId, from: u64, max: usize) -> Result<Vec<Mark>, UnitError> {
        log::marks(&self.home, id, from, max).map_err(|e| io(id, &e))
    }

    fn growth(&self, id: &UnitId) -> watch::Receiver<u64> {
        follow::growth(self.home.unit_socket(id))
    }

    async fn remove(&self, id: &UnitId) -> Result<(), UnitError> {
        if files::found(&self.home, id).alive {
            let what = "its program still runs".to_owned();
            return Err(UnitError::Refused { id: id.clone(), what });
        }
        std::fs::remove_dir_all(self.home.unit(id)).map_err(|e| io(id, &e))
    }

    fn events(&self) -> mpsc::UnboundedReceiver<UnitEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }
}

fn io(id: &UnitId, error: &dyn std::fmt::Display) -> UnitError {
    UnitError::Io { id: id.clone(), what: error.to_string() }
}
