//! The sockets behind `NOTIFY_SOCKET`.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::UnixDatagram, sync::mpsc, task::AbortHandle};

use crate::{
    base::{Home, UnitId},
    port::Mailbox,
};

/// Longest message that is read.
const MESSAGE: usize = 4096;

type Listeners = Arc<Mutex<Vec<mpsc::UnboundedSender<(UnitId, String)>>>>;

/// One datagram socket in the folder of each unit that has one open.
pub struct SystemMailbox {
    home: Home,
    open: Mutex<HashMap<UnitId, AbortHandle>>,
    listeners: Listeners,
}

impl SystemMailbox {
    /// The sockets of a home.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self { home, open: Mutex::default(), listeners: Arc::default() }
    }

    fn open_ones(&self) -> std::sync::MutexGuard<'_, HashMap<UnitId, AbortHandle>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox for SystemMailbox {
    fn open(&self, unit: &UnitId) -> Result<PathBuf, String> {
        let path = self.home.notify_socket(unit);
        if self.open_ones().contains_key(unit) && path.exists() {
            return Ok(path);
        }
        self.close(unit);
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        super::files::private_file(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let task = tokio::spawn(read(socket, unit.clone(), Arc::clone(&self.listeners)));
        self.open_ones().insert(unit.clone(), task.abort_handle());
        Ok(path)
    }

    fn close(&self, unit: &UnitId) {
        if let Some(task) = self.open_ones().remove(unit) {
            task.abort();
            let _ = std::fs::remove_file(self.home.notify_socket(unit));
        }
    }

    fn messages(&self) -> mpsc::UnboundedReceiver<(UnitId, String)> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }
}

async fn read(socket: UnixDatagram, unit: UnitId, listeners: Listeners) {
    let mut buffer = vec![0; MESSAGE];
    while let Ok(n) = socket.recv(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        let mut all = listeners.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.send((unit.clone(), text.clone())).is_ok());
    }
}
