//! What is known of an attempt: its exit, its claim, and the kernel's word on its shim.

use std::{fs, os::fd::OwnedFd, os::unix::fs::MetadataExt, path::Path};

use crate::{
    adapter::{process, sys},
    base::{
        Moment,
        step::{self, Claim, Exit},
    },
    port::StepEnd,
};

/// How an attempt stands.
pub(super) enum Found {
    /// Nobody has begun it, and it may be begun.
    Nothing,
    /// Its shim lives; one that is held lives, too.
    Runs(Shim),
    Ended(StepEnd),
    /// It may have begun, and nobody will ever tell.
    Lost(String),
}

/// The shim of an attempt that runs.
pub(super) struct Shim {
    pub(super) pid: i32,
    /// Readable when it has ended.
    pub(super) fd: OwnedFd,
}

/// How an attempt stands that was meant to be run in the boot `meant`; `boot`: that of today.
pub(super) fn look(folder: &Path, meant: &str, boot: &str) -> Found {
    if let Some(end) = exit(folder) {
        return Found::Ended(end);
    }
    let claim = match claim(folder) {
        None if meant == boot => return Found::Nothing,
        None => return anew(),
        Some(claim) => claim,
    };
    match claim {
        Err(at) => Found::Lost(format!("its claim cannot be read ({at})")),
        Ok(claim) if claim.is_withdrawn() => withdrawn(folder),
        Ok(claim) if claim.boot != boot => ended_or(folder, anew()),
        Ok(claim) => match alive(&claim) {
            Some(shim) => Found::Runs(shim),
            None => {
                ended_or(folder, Found::Lost("the process that watched it was killed".to_owned()))
            }
        },
    }
}

fn anew() -> Found {
    Found::Lost("the machine was started anew".to_owned())
}

/// A shim writes its exit, then dies: it may have done both since the exit was looked for.
fn ended_or(folder: &Path, otherwise: Found) -> Found {
    exit(folder).map_or(otherwise, Found::Ended)
}

/// The claim of an attempt, if there is one; a text that is none as it is.
pub(super) fn claim(folder: &Path) -> Option<Result<Claim, String>> {
    match fs::read_link(folder.join(step::CLAIM)) {
        Ok(text) => {
            let text = text.to_string_lossy();
            Some(text.parse().map_err(|_| text.clone().into_owned()))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => Some(Err(e.to_string())),
    }
}

/// A pid is used again; a pid with its start time in the same boot is not.
fn alive(claim: &Claim) -> Option<Shim> {
    // First the handle, then the look: it cannot become another's in between.
    let fd = sys::pidfd(claim.pid)?;
    let lives = process::is_running(claim.pid, claim.start);
    lives.then_some(Shim { pid: claim.pid, fd })
}

/// What cannot be read whole is not there: it was not forced to the disk.
fn exit(folder: &Path) -> Option<StepEnd> {
    let text = fs::read(folder.join(step::EXIT)).ok()?;
    let Exit { code, signal, stopped, left, note, started, ended } =
        serde_json::from_slice(&text).ok()?;
    Some(StepEnd::Exited { code, signal, stopped, left, note, started, ended })
}

fn withdrawn(folder: &Path) -> Found {
    let claimed = fs::symlink_metadata(folder.join(step::CLAIM)).map(|found| {
        let millis = found.ctime() * 1_000 + found.ctime_nsec() / 1_000_000;
        Moment(u64::try_from(millis).unwrap_or(0))
    });
    let at = claimed.unwrap_or_default();
    Found::Ended(StepEnd::Exited {
        code: None,
        signal: None,
        stopped: true,
        left: false,
        note: Some("it was stopped before it began".to_owned()),
        started: at,
        ended: at,
    })
}
