//! The process under every tmux pane: `gaia pane <unit folder>`.
//!
//! It owns the inner terminal, the log, the exit record and the socket of one unit. It outlives the
//! daemon, and by its policy the tmux server. No runtime, no second thread, one poll loop.
//!
//! Rooms: `shim` (the loop), `ready` (its poll), `signals`,
//! `life` (start and end of the program), `stages` (what runs before it, and
//! what it forks), `stop`, `serve` (what connections
//! ask), `child`, `fence`, `calls` and `cover` (what it may
//! reach), `guard` (who may connect), `log`, `scan`, `outer` (the tmux pane), `conn`, `files`, `view` (a unit shown
//! again in a later pane), `step` (commands without a pane), `sys` (the unsafe corner).
//!
//! Invariants:
//! - A unit runs at most once: the shim holds the flock of its folder for as long as it lives.
//! - The exit record is on disk before anyone is told.
//! - Nobody who reads slowly holds the program up: output is served from the log files.
#![expect(
    clippy::disallowed_methods,
    reason = "the shim is a program of its own that touches the world"
)]

mod calls;
mod child;
mod conn;
mod cover;
mod fence;
mod files;
mod guard;
mod life;
mod log;
mod outer;
mod ready;
mod scan;
mod serve;
mod shim;
mod signals;
mod stages;
mod step;
mod stop;
mod sys;
mod view;

use std::{ffi::OsString, io::Write, path::PathBuf, process::ExitCode};

use nix::sys::signal::{SigSet, Signal};

/// The whole of `gaia pane`; `args` are the words after it.
#[must_use]
pub fn main(args: &[OsString]) -> ExitCode {
    let outcome = match args {
        [word] if word == "--hold" => hold(),
        [word, _home] if word == "--steps" => step::host(),
        [folder] => run(PathBuf::from(folder)),
        [word, folder] if word == "--view" => {
            view::run(&PathBuf::from(folder)).map(|_| ExitCode::SUCCESS)
        }
        _ => Err("usage: gaia pane [--view] <unit folder> | --hold | --steps <home>".to_owned()),
    };
    match outcome {
        Ok(code) => code,
        Err(sentence) => {
            let _ = writeln!(std::io::stderr(), "gaia pane: {sentence}");
            ExitCode::from(2)
        }
    }
}

/// Keeps a pane open at the least cost, until it is hung up.
fn hold() -> Result<ExitCode, String> {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGHUP, Signal::SIGTERM, Signal::SIGINT] {
        signals.add(signal);
    }
    signals.thread_block().map_err(|e| e.to_string())?;
    signals.wait().map(|_| ExitCode::SUCCESS).map_err(|e| e.to_string())
}

fn run(folder: PathBuf) -> Result<ExitCode, String> {
    let spec = files::spec(&folder)?;
    if let Some(lock) = files::lock(&folder)? {
        return shim::run(folder, spec, lock);
    }
    match view::run(&folder)? {
        view::Outcome::Seen(code) => Ok(code),
        // The one that had it was just ending: it is our turn.
        view::Outcome::Leaving => {
            let lock = files::wait_for_lock(&folder)?;
            shim::run(folder, spec, lock)
        }
    }
}
