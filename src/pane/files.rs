//! The files of a unit folder.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use nix::fcntl::{Flock, FlockArg};
use serde::{Serialize, de::DeserializeOwned};

use crate::base::{
    Stat,
    unit::{self, Claim, Exit, ProcId, Spec},
};

/// The spec of a unit.
pub(super) fn spec(folder: &Path) -> Result<Spec, String> {
    let path = folder.join(unit::SPEC);
    let text = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let spec: Spec =
        serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    if spec.v > unit::VERSION {
        return Err(format!("{} was written by a later gaia", path.display()));
    }
    Ok(spec)
}

/// The lock of a unit, or `None` if another shim holds it.
pub(super) fn lock(folder: &Path) -> Result<Option<Flock<File>>, String> {
    match Flock::lock(lock_file(folder)?, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(format!("the lock of {}: {errno}", folder.display())),
    }
}

/// The lock of a unit, as soon as the shim that holds it has ended.
pub(super) fn wait_for_lock(folder: &Path) -> Result<Flock<File>, String> {
    Flock::lock(lock_file(folder)?, FlockArg::LockExclusive)
        .map_err(|(_, errno)| format!("the lock of {}: {errno}", folder.display()))
}

fn lock_file(folder: &Path) -> Result<File, String> {
    let path = folder.join(unit::LOCK);
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(&path).map_err(|e| format!("{}: {e}", path.display()))
}

/// The claim of an earlier shim, if it can be read.
pub(super) fn claim(folder: &Path) -> Option<Claim> {
    read(&folder.join(unit::CLAIM))
}

/// The exit record of the newest incarnation that ended.
pub(super) fn exit(folder: &Path) -> Option<Exit> {
    read(&folder.join(unit::EXIT))
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Replaces the claim. Not forced to the disk: after a power failure it is stale anyway.
pub(super) fn write_claim(folder: &Path, claim: &Claim) -> io::Result<()> {
    replace(folder, unit::CLAIM, claim, false)
}

/// Replaces the exit record, durably.
pub(super) fn write_exit(folder: &Path, exit: &Exit) -> io::Result<()> {
    replace(folder, unit::EXIT, exit, true)
}

/// Replaces a file of a folder in one step.
pub(super) fn replace(
    folder: &Path,
    name: &str,
    value: &impl Serialize,
    durable: bool,
) -> io::Result<()> {
    let fresh = folder.join(format!("{name}.new"));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    if durable {
        file.sync_all()?;
    }
    fs::rename(&fresh, folder.join(name))?;
    if durable { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A process for good: its pid with its start time.
pub(super) fn process(pid: i32) -> Option<ProcId> {
    // One read: the kernel makes the text anew for each.
    let mut text = [0; 1024];
    let length = File::open(format!("/proc/{pid}/stat")).ok()?.read(&mut text).ok()?;
    let Stat { start, .. } = Stat::read(&String::from_utf8_lossy(&text[..length]))?;
    Some(ProcId { pid, start })
}

/// Which boot of the machine this is.
pub(super) fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}
