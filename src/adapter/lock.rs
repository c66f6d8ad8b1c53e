//! One daemon per home, and one starter of it at a time.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use nix::fcntl::{Flock, FlockArg};

use super::process;

/// A lock file held with flock: the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not read")] Flock<File>);

/// How long the kernel may take to clear a killed process away.
const DYING: Duration = Duration::from_millis(500);
/// How long apart it is looked whether it has.
const LOOK: Duration = Duration::from_millis(5);

/// Why a lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody has it; what the file says of them.
    #[error("{0}")]
    Held(String),
    /// The file cannot be opened.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Lock {
    /// Takes the lock and writes who holds it (pid and start time), or says who does. A holder that
    /// was just killed gets a moment to be gone.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        match Self::take_now(path) {
            Err(LockError::Held(by)) => {
                let pid = by.split(' ').nth(1).and_then(|pid| pid.parse().ok());
                if !pid.is_some_and(|pid| process::wait_for_end(pid, DYING)) {
                    return Err(LockError::Held(by));
                }
                // Its first thread is gone; the last one takes the lock along.
                let mut left = DYING.as_millis() / LOOK.as_millis();
                loop {
                    match Self::take_now(path) {
                        Err(LockError::Held(_)) if left > 0 => process::pause(LOOK),
                        other => return other,
                    }
                    left -= 1;
                }
            }
            other => other,
        }
    }

    fn take_now(path: &Path) -> Result<Self, LockError> {
        let mut lock = match Flock::lock(open(path)?, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((mut file, _)) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                return Err(LockError::Held(holder.trim().to_owned()));
            }
        };
        let pid = std::process::id();
        let start = process::start_time(pid as i32).unwrap_or(0);
        lock.set_len(0)?;
        writeln!(lock, "pid {pid} started {start}")?;
        Ok(Self(lock))
    }

    /// Waits for the lock.
    pub fn wait(path: &Path) -> Result<Self, LockError> {
        let lock = Flock::lock(open(path)?, FlockArg::LockExclusive);
        lock.map(Self).map_err(|(_, errno)| LockError::Io(errno.into()))
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}
