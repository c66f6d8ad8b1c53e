//! Which ports a service gets.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use super::model::{PortWish, Service, ServiceId};

/// First port that is handed out; below the range the kernel takes for outgoing connections
/// (`ip_local_port_range` begins at 32768 on Linux).
const FIRST: u16 = 20_000;
/// Ports that are handed out.
const COUNT: u16 = 10_000;

/// Ports of one replica by name: fixed ones as declared (counted up over replicas), the others
/// from a place that depends on the workspace and the name, so that they are the same each time
/// and differ between worktrees. `before` are the ports it had; `taken` those of all others;
/// `free` looks at the machine.
pub(crate) fn leases(
    id: &ServiceId,
    dir: &Path,
    service: &Service,
    before: &BTreeMap<String, u16>,
    (taken, free): (&BTreeSet<u16>, &dyn Fn(u16) -> bool),
) -> BTreeMap<String, u16> {
    let mut got = BTreeMap::new();
    let mut mine = taken.clone();
    for (name, wish) in &service.ports {
        let port = match wish {
            PortWish::Fixed(first) => first.saturating_add(id.replica.unwrap_or(1) - 1),
            PortWish::Auto => {
                let old = before.get(name).copied();
                let old = old.filter(|port| !mine.contains(port) && free(*port));
                old.unwrap_or_else(|| {
                    pick(id, dir, name, |port| !mine.contains(&port) && free(port))
                })
            }
        };
        mine.insert(port);
        got.insert(name.clone(), port);
    }
    got
}

fn pick(id: &ServiceId, dir: &Path, name: &str, good: impl Fn(u16) -> bool) -> u16 {
    let mut hasher = DefaultHasher::new();
    (dir, &id.name, id.replica, name).hash(&mut hasher);
    let start = (hasher.finish() % u64::from(COUNT)) as u16;
    let candidates = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
    candidates.clone().find(|port| good(*port)).unwrap_or(FIRST + start)
}
