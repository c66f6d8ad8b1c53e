//! Trees of processes and who listens where, from /proc.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use nix::unistd::{Group, SysconfVar, Uid, User as SystemUser, getgrouplist, sysconf};

use crate::{
    base::{Stat, UnitId, unit::User},
    port::{Holder, Usage},
};

/// Every process of the machine.
pub(super) fn pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn stat(pid: i32) -> Option<Stat> {
    Stat::read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn below(root: i32, children: &BTreeMap<i32, Vec<i32>>) -> Vec<i32> {
    let (mut found, mut next) = (Vec::new(), vec![root]);
    while let Some(pid) = next.pop() {
        found.push(pid);
        next.extend(children.get(&pid).into_iter().flatten());
    }
    found
}

/// One look at all processes, and what each tree uses.
pub(super) fn usage(roots: &[i32]) -> Vec<Usage> {
    let mut stats = BTreeMap::new();
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for pid in pids() {
        if let Some(stat) = stat(pid) {
            children.entry(stat.parent).or_default().push(pid);
            stats.insert(pid, stat);
        }
    }
    let number = |which, otherwise: u64| {
        let known = sysconf(which).ok().flatten();
        known.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(otherwise)
    };
    let (page, ticks) = (number(SysconfVar::PAGE_SIZE, 4096), number(SysconfVar::CLK_TCK, 100));
    let one = |root: &i32| {
        let mut usage = Usage::default();
        for pid in below(*root, &children) {
            let Some(stat) = stats.get(&pid) else { continue };
            usage.cpu_ms += stat.ticks * 1000 / ticks;
            usage.memory += stat.pages * page;
            usage.threads += stat.threads;
            usage.processes += 1;
            usage.files += fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |d| d.count() as u64);
        }
        usage
    };
    roots.iter().map(one).collect()
}

/// Ports that are listened on, by the inode of the socket.
fn listeners() -> BTreeMap<u64, u16> {
    let mut found = BTreeMap::new();
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(file).unwrap_or_default().lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // Field 3 is the state, 0A is LISTEN (proc(5), include/net/tcp_states.h).
            let (Some(local), Some(&"0A"), Some(inode)) =
                (fields.get(1), fields.get(3), fields.get(9))
            else {
                continue;
            };
            let port = local.rsplit(':').next().and_then(|hex| u16::from_str_radix(hex, 16).ok());
            if let (Some(port), Ok(inode)) = (port, inode.parse()) {
                found.insert(inode, port);
            }
        }
    }
    found
}

/// The sockets that a process has open.
fn sockets(pid: i32) -> impl Iterator<Item = u64> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    })
}

/// Ports that a tree of processes listens on.
pub(super) fn listens(root: i32) -> BTreeSet<u16> {
    let all = listeners();
    let mut found = BTreeSet::new();
    let mut next = vec![root];
    while let Some(pid) = next.pop() {
        found.extend(sockets(pid).filter_map(|inode| all.get(&inode)));
        for thread in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let text = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            next.extend(text.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
        }
    }
    found
}

/// Whether nothing listens on a port.
pub(super) fn is_free(port: u16) -> bool {
    !listeners().values().any(|taken| *taken == port)
}

/// Who listens on a port.
pub(super) fn holder(port: u16) -> Option<Holder> {
    let wanted: BTreeSet<u64> =
        listeners().into_iter().filter(|(_, p)| *p == port).map(|(inode, _)| inode).collect();
    let pid = pids().find(|pid| sockets(*pid).any(|inode| wanted.contains(&inode)))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let cwd = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_else(|_| PathBuf::from("?"));
    Some(Holder { pid, name: name.trim().to_owned(), cwd })
}

/// Processes that say they belong to a unit.
pub(super) fn of_unit(unit: &UnitId) -> Vec<i32> {
    let mark = format!("GAIA_PANE_ID={unit}");
    let is = |pid: &i32| {
        let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        env.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
            && stat(*pid).is_some_and(|stat| !stat.is_dead())
    };
    pids().filter(is).collect()
}

/// The ids of a user.
pub(super) fn user(name: &str, group: Option<&str>) -> Result<User, String> {
    let found = match name.parse::<u32>() {
        Ok(uid) => SystemUser::from_uid(Uid::from_raw(uid)),
        Err(_) => SystemUser::from_name(name),
    };
    let found = found.ok().flatten().ok_or_else(|| format!("there is no user `{name}`"))?;
    let gid = match group {
        None => found.gid,
        Some(group) => {
            let known = Group::from_name(group).ok().flatten();
            known.ok_or_else(|| format!("there is no group `{group}`"))?.gid
        }
    };
    let name = std::ffi::CString::new(found.name).map_err(|e| e.to_string())?;
    let groups = getgrouplist(&name, gid).map_err(|e| e.to_string())?;
    let groups = groups.iter().map(|gid| gid.as_raw()).collect();
    Ok(User { uid: found.uid.as_raw(), gid: gid.as_raw(), groups })
}
