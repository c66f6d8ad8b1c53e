//! The composition root: the only place that knows which adapter serves which port.
//!
//! Invariants:
//! - One daemon per home: the lock is taken before anything else is touched.
//! - The API answers only after recovery, so the first reply is true.
//! - Ending the daemon touches no pane: shims and the tmux server go on.

mod api;
mod guard;
mod peer;
mod rooms;
mod scaffold;
mod starter;
mod token;
mod verb;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};

pub use api::openapi_document;
use rooms::Rooms;
pub use rooms::nouns;
pub use scaffold::scaffold_here;

use crate::{
    adapter::{Lock, LockError, files},
    base::{Code, Home, Refusal},
    config::Settings,
};

/// What a daemon says of a home that another has; its starter looks for it.
pub(crate) const HELD: &str = "runs already";
/// How long answers under way may take once the daemon shall end.
const LAST_ANSWERS: Duration = Duration::from_millis(300);

/// What a disk must take before a store is opened on it again, in bytes: what sled writes when it
/// is opened, with some to spare.
const ROOM: usize = 4 << 20;
/// Pause between two looks at a disk that takes nothing.
const AGAIN: Duration = Duration::from_secs(1);

/// What a daemon needs to know.
pub struct Options {
    /// Its home.
    pub home: Home,
    /// The gaia executable, for the shims it starts.
    pub exe: PathBuf,
    /// Its settings.
    pub settings: Settings,
    /// Its environment, where secrets are looked up.
    pub env: std::collections::BTreeMap<String, String>,
    /// Debug builds only: die at this change of the world (see `adapter::crash`).
    pub crash_at: Option<u32>,
    /// Called once, when the API answers.
    pub ready: Box<dyn FnOnce() + Send>,
}

/// Why a daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was told to.
    Told,
    /// Its store stopped taking what it was given, and would take it again: whoever runs the daemon
    /// runs it anew.
    Anew,
}

/// Runs the daemon of a home until it is told to end.
pub async fn serve(options: Options) -> Result<End, Refusal> {
    let home = options.home.clone();
    for folder in [home.root().to_owned(), home.run(), home.tmux(), home.logs(), home.units()] {
        files::private_dir(&folder).map_err(|e| unwritable(&folder, &e))?;
    }
    let _lock = Lock::take(&home.lock()).map_err(|e| held(&home, e))?;
    let end = Arc::new(Notify::new());
    let (stop, stopped) = watch::channel(false);
    let tcp = token::listener(&options)?;
    let world = rooms::World::new(&options)?;
    let rooms = Rooms::build(&options, world, Arc::clone(&end)).await?;
    let ledger = rooms.ledger().clone();
    let api = api::listen(&home, rooms.clone(), tcp, stopped).await?;
    (options.ready)();
    tracing::info!(home = %home.root().display(), "the daemon runs");
    let why = tokio::select! {
        () = wait_for_end(&end) => End::Told,
        () = trouble_is_over(&ledger, &home) => End::Anew,
    };
    let _ = stop.send(true);
    // Streams have no end of their own: they are cut after this.
    let _ = tokio::time::timeout(LAST_ANSWERS, api).await;
    let _ = tokio::time::timeout(LAST_ANSWERS, rooms.end_empty_server()).await;
    tracing::info!("the daemon ends; panes go on");
    let _ = std::fs::remove_file(home.api_socket());
    Ok(why)
}

/// Returns when the store has failed, and its disk takes something again. A store that failed once
/// fails until it is opened anew, and only a fresh start does that without a doubt: it is what a
/// crash is followed by, and loses nothing.
#[expect(clippy::disallowed_methods, reason = "nothing tells that a disk has room again")]
async fn trouble_is_over(ledger: &crate::ledger::Handle, home: &Home) {
    ledger.failed().await;
    tracing::error!("the store takes nothing; the daemon starts anew as soon as the disk does");
    loop {
        // First: a disk that takes this and not the store must not have us start without end.
        tokio::time::sleep(AGAIN).await;
        if files::probe(home.root(), ROOM).is_ok() {
            return;
        }
    }
}

async fn wait_for_end(end: &Notify) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return end.notified().await;
    };
    tokio::select! {
        _ = term.recv() => (),
        _ = int.recv() => (),
        () = end.notified() => (),
    }
}

fn unwritable(folder: &std::path::Path, error: &std::io::Error) -> Refusal {
    let message = format!("the folder {} cannot be written: {error}", folder.display());
    Refusal::new(Code::Failed, message)
        .help("free some space or correct its owner, or set GAIA_HOME to another folder")
}

fn held(home: &Home, error: LockError) -> Refusal {
    match error {
        LockError::Held(by) => {
            let message = format!("a daemon of {} {HELD} ({by})", home.root().display());
            Refusal::new(Code::Failed, message).help("`gaia daemon status` shows it")
        }
        LockError::Io(error) => unwritable(&home.run(), &error),
    }
}
