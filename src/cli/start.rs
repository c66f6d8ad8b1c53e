//! Finds the daemon of a home, and starts it where none runs.

use std::{ffi::OsString, time::Duration};

use super::{here, world};
use crate::{
    adapter::{Lock, append, files, process},
    base::{Code, Refusal},
    client::Client,
    daemon::HELD,
    verb::Here,
};

/// First word of a daemon whose API answers.
pub(super) const READY: &str = "ready\n";

/// How often, and with what pause between, a home is looked at that has a daemon which does not
/// answer: 3 s in all, some times what a start takes.
const LOOKS: u32 = 60;
const LOOK: Duration = Duration::from_millis(50);

/// A client of the daemon, which is started if it does not run.
pub(super) async fn connect(here: &Here) -> Result<Client, Refusal> {
    let client = Client::new(here.home.api_socket());
    if !client.reachable().await {
        start(here, &client).await?;
    }
    Ok(client)
}

/// Starts the daemon in the background and returns when its API answers. Two starters take turns,
/// and the second finds the work done.
async fn start(here: &Here, client: &Client) -> Result<(), Refusal> {
    let home = &here.home;
    for folder in [home.root().to_owned(), home.run(), home.tmux(), home.logs()] {
        files::private_dir(&folder).map_err(|error| {
            let what = format!("the folder {} cannot be made", folder.display());
            world(&what, &error)
                .help("free some space or correct its owner, or set GAIA_HOME to another folder")
        })?;
    }
    let starter = home.run().join("start.lock");
    let _turn = Lock::wait(&starter).map_err(|e| world("the daemon cannot be started", &e))?;
    if client.reachable().await {
        return Ok(());
    }
    let mut looks = LOOKS;
    loop {
        match spawn(here) {
            // One that ends just now, or starts anew, has the home and does not answer: it will,
            // or lets go.
            Err(refusal) if looks > 0 && refusal.message.contains(HELD) => {
                looks -= 1;
                process::pause(LOOK);
                if client.reachable().await {
                    return Ok(());
                }
            }
            other => return other,
        }
    }
}

/// Starts a daemon, and returns when its API answers.
fn spawn(here: &Here) -> Result<(), Refusal> {
    let log = here.home.logs().join("daemon.err");
    let errors = append(&log).map_err(|e| world(&log.display().to_string(), &e))?;
    let args = ["daemon", "run", "--spawned"].map(OsString::from);
    let word = process::start_detached(&here::exe()?, &args, errors)
        .map_err(|e| world("the daemon cannot be started", &e))?;
    if word == READY { Ok(()) } else { Err(stillborn(&word, &log)) }
}

/// The daemon ended before it was ready; its last word is a refusal, unless it crashed.
fn stillborn(word: &str, log: &std::path::Path) -> Refusal {
    serde_json::from_str(word).unwrap_or_else(|_| {
        Refusal::new(Code::Broken, "the daemon ended while it started")
            .help(format!("see {}", log.display()))
    })
}
