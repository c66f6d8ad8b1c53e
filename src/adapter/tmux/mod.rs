//! gaia's private tmux server: started by gaia, configured by gaia, spoken to over one control
//! client, and by spawned commands where that is not there.
//!
//! Invariants:
//! - Everything is addressed by tmux's ids, and every text is literal: `#` is doubled, arguments
//!   are quoted for the control client or passed as argv.
//! - The control client takes no output, is forked from a thread that never ends and dies with the
//!   daemon: a leaked one could wedge the server for good (tmux before 3.8).

mod argv;
mod control;
mod fork;
mod list;
mod parse;
mod server;
mod version;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{
    base::Home,
    port::{Capture, Listing, Made, NewPane, Place, Server, Tmux, TmuxError},
};

use control::Control;
use fork::Forker;

/// What the server is started with.
#[derive(Debug, Clone)]
pub struct TmuxOptions {
    /// What the keeper pane runs; at least two words, so that tmux does not ask a shell.
    pub keeper: Vec<String>,
    /// The user's own configuration, read before gaia's.
    pub user_config: Option<std::path::PathBuf>,
    /// Lines of history per pane.
    pub history: u32,
}

/// The private server of a home.
pub struct TmuxServer {
    home: Home,
    options: TmuxOptions,
    forker: Forker,
    control: Mutex<Option<Arc<Control>>>,
    version: Mutex<Option<String>>,
    changes: Arc<watch::Sender<u64>>,
}

impl TmuxServer {
    /// The server of `home`; nothing is started yet.
    #[must_use]
    pub fn new(home: Home, options: TmuxOptions) -> Self {
        let changes = Arc::new(watch::channel(0).0);
        let (control, version) = (Mutex::new(None), Mutex::new(None));
        Self { home, options, forker: Forker::start(), control, version, changes }
    }

    /// Runs one command, over the control client if there is one.
    async fn run(&self, argv: Vec<String>) -> Result<Vec<u8>, TmuxError> {
        if let Some(control) = self.control() {
            match control.run(&argv).await {
                Some(reply) => return reply.map_err(|reason| failed(&argv, reason)),
                None => self.drop_control(&control),
            }
        }
        self.spawn(&argv).await
    }

    /// Runs commands side by side; the first fault ends it.
    async fn run_all(&self, all: Vec<Vec<String>>) -> Result<(), TmuxError> {
        let runs = all.into_iter().map(|argv| self.run(argv));
        let results = futures_util::future::join_all(runs).await;
        results.into_iter().find_map(Result::err).map_or(Ok(()), Err)
    }

    fn control(&self) -> Option<Arc<Control>> {
        let mut present = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        if present.as_ref().is_some_and(|control| control.is_dead()) {
            *present = None;
        }
        present.clone()
    }

    fn set_control(&self, control: Option<Arc<Control>>) {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = control;
    }

    fn drop_control(&self, doubtful: &Arc<Control>) {
        doubtful.kill();
        let mut present = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        if present.as_ref().is_some_and(|control| Arc::ptr_eq(control, doubtful)) {
            *present = None;
        }
    }
}

/// Sorts what tmux says by what it means.
fn failed(argv: &[String], reason: String) -> TmuxError {
    let is = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if is(&["no space for", "pane too small"]) {
        TmuxError::NoSpace
    } else if is(&["can't find", "no such"]) {
        TmuxError::Gone(reason)
    } else {
        TmuxError::Failed { command: argv.first().cloned().unwrap_or_default(), reason }
    }
}

#[async_trait]
impl Tmux for TmuxServer {
    async fn ensure(&self) -> Result<Server, TmuxError> {
        self.ensure_server().await
    }

    async fn list(&self) -> Result<Listing, TmuxError> {
        if self.control().is_none() {
            // After a watchdog or a new daemon: the server may be there without its client.
            self.reconnect().await?;
        }
        let said = self.run(argv::list_panes(list::FORMAT)).await?;
        Ok(list::read(&String::from_utf8_lossy(&said)))
    }

    async fn make(&self, place: Place, pane: NewPane) -> Result<Made, TmuxError> {
        let made = match self.run(argv::make(&place, &pane)).await {
            Err(TmuxError::NoSpace) => match &place {
                Place::Split { window } => {
                    // tmux halves the last pane; tiled gives every pane its share again.
                    self.run(argv::arrange(window, "tiled")).await?;
                    self.run(argv::make(&place, &pane)).await?
                }
                Place::Session { .. } | Place::Window { .. } => return Err(TmuxError::NoSpace),
            },
            other => other?,
        };
        let made = list::made(&String::from_utf8_lossy(&made))?;
        let tag = argv::tag(&made.pane, "@gaia_id", pane.unit.as_str());
        self.run_all(vec![tag, argv::title(&made.pane, &pane.title)]).await?;
        Ok(made)
    }

    async fn arrange(&self, window: &str, layout: &str) -> Result<(), TmuxError> {
        self.run(argv::arrange(window, layout)).await.map(drop)
    }

    async fn rename(&self, target: &str, name: &str) -> Result<(), TmuxError> {
        self.run(argv::rename(target, name)).await.map(drop)
    }

    async fn title(&self, pane: &str, title: &str) -> Result<(), TmuxError> {
        self.run(argv::title(pane, title)).await.map(drop)
    }

    async fn tag(&self, target: &str, key: &str, value: &str) -> Result<(), TmuxError> {
        self.run(argv::tag(target, key, value)).await.map(drop)
    }

    async fn focus(&self, pane: &str) -> Result<(), TmuxError> {
        self.run_all(argv::focus(pane)).await
    }

    async fn kill(&self, target: &str) -> Result<(), TmuxError> {
        match self.run(argv::kill(target)).await {
            Ok(_) | Err(TmuxError::Gone(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn capture(&self, pane: &str, how: Capture) -> Result<Vec<u8>, TmuxError> {
        self.run(argv::capture(pane, how)).await
    }

    async fn keys(&self, pane: &str, keys: &[String]) -> Result<(), TmuxError> {
        // Outside of a mode the first one fails, which is as wanted.
        let _ = self.run(argv::leave_mode(pane)).await;
        self.run(argv::keys(pane, keys)).await.map(drop)
    }

    async fn paste(&self, pane: &str, text: &[u8]) -> Result<(), TmuxError> {
        let name = format!("gaia-{}-{}", pane.trim_start_matches('%'), std::process::id());
        let file = self.home.run().join(format!("{name}.paste"));
        let fault = |e: std::io::Error| failed(&["load-buffer".to_owned()], e.to_string());
        super::files::replace(&file, text).map_err(fault)?;
        let _ = self.run(argv::leave_mode(pane)).await;
        let loaded = self.run(argv::load_buffer(&name, &file)).await;
        let _ = std::fs::remove_file(&file);
        loaded?;
        let version = self.checked_version().await?;
        self.run(argv::paste_buffer(&name, pane, version::at_least(&version, (3, 7)))).await?;
        Ok(())
    }

    async fn kill_server(&self) -> Result<(), TmuxError> {
        self.end_server().await
    }

    fn attach_argv(&self, session: &str, read_only: bool) -> Vec<String> {
        let socket = self.home.tmux_socket().display().to_string();
        let mut argv: Vec<String> =
            ["tmux", "-u", "-S", &socket, "attach-session", "-t"].map(str::to_owned).into();
        argv.push(format!("={session}"));
        if read_only {
            argv.push("-r".to_owned());
        }
        argv
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
