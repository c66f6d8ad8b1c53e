//! What the files of a unit say without asking its shim.

use std::fs;

use crate::{
    adapter::process,
    base::{
        Home, UnitId,
        unit::{self, Claim, Exit, Spec},
    },
    port::{Found, UnitError},
};

pub(super) fn spec(home: &Home, id: &UnitId) -> Result<Spec, UnitError> {
    let text = fs::read(home.unit(id).join(unit::SPEC));
    let text = text.map_err(|_| UnitError::Unknown(id.clone()))?;
    serde_json::from_slice(&text).map_err(|e| super::io(id, &e))
}

/// Every unit with a folder, oldest first.
pub(super) fn all(home: &Home) -> Vec<UnitId> {
    let entries = fs::read_dir(home.units()).into_iter().flatten().flatten();
    let mut found: Vec<UnitId> =
        entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok()).collect();
    found.sort();
    found
}

pub(super) fn found(home: &Home, id: &UnitId) -> Found {
    let folder = home.unit(id);
    let claim: Option<Claim> = read(&folder.join(unit::CLAIM));
    let exit: Option<Exit> = read(&folder.join(unit::EXIT));
    let alive = claim.as_ref().is_some_and(is_alive);
    Found { claim, alive, exit }
}

/// A pid is used again; a pid with its start time in the same boot is not.
fn is_alive(claim: &Claim) -> bool {
    claim.boot == process::boot() && process::is_running(claim.shim.pid, claim.shim.start)
}

fn read<T: serde::de::DeserializeOwned>(path: &std::path::Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
