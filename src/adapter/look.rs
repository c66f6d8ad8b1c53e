//! What `gaia doctor` sees of a home and its machine. Starts nothing and changes nothing.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::Command,
};

use nix::sys::{
    resource::{Resource, getrlimit},
    statvfs::statvfs,
};

use super::{SledStore, process};
use crate::base::{
    Health, Home, UnitId,
    unit::{self, Claim},
};

/// Looks at everything; `daemon` is the pid of the one that answers.
#[must_use]
pub fn look(home: &Home, daemon: Option<i32>) -> Health {
    let root = home.root();
    let disk = statvfs(nearest(root)).ok();
    Health {
        tmux: version("tmux", "-V", "tmux "),
        git: version("git", "--version", "git version "),
        landlock: super::landlock_abi(),
        home: root.to_owned(),
        home_fault: home_fault(root),
        home_mode: mode(root).filter(|mode| mode & 0o077 != 0),
        free_bytes: disk.map_or(u64::MAX, |d| d.blocks_available() * d.fragment_size()),
        free_inodes: disk.map_or(100, |d| d.files_available() * 100 / d.files().max(1)),
        daemon,
        store_fault: store_fault(home, daemon),
        stale_sockets: stale_sockets(home),
        stale_claims: claims(home)
            .into_iter()
            .filter(|c| is_stale(home, c))
            .map(|c| c.id)
            .collect(),
        orphans: orphans(home),
        unit_bytes: size(&home.units()),
        terminfo: terminfo(),
        utf8: ["LC_ALL", "LC_CTYPE", "LANG"].iter().any(|name| {
            let value = std::env::var(name).unwrap_or_default().to_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        }),
        open_files: getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::MAX, |(soft, _)| soft),
        clock_ahead: ahead(home),
    }
}

fn version(program: &str, flag: &str, prefix: &str) -> Option<String> {
    let said = Command::new(program).arg(flag).output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    Some(said.strip_prefix(prefix).unwrap_or(&said).to_owned())
}

/// The folder itself, or the nearest one above that exists.
fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(path)
}

fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|found| found.permissions().mode() & 0o777)
}

fn home_fault(root: &Path) -> Option<String> {
    use nix::unistd::{AccessFlags, access};
    let folder = nearest(root);
    if !folder.is_dir() {
        return Some(format!("{} is no folder", folder.display()));
    }
    access(folder, AccessFlags::W_OK | AccessFlags::X_OK)
        .err()
        .map(|errno| format!("{} cannot be written: {errno}", folder.display()))
}

fn store_fault(home: &Home, daemon: Option<i32>) -> Option<String> {
    if daemon.is_some() || !home.store().exists() {
        return None;
    }
    SledStore::open(&home.store()).err().map(|error| error.to_string())
}

fn stale_sockets(home: &Home) -> Vec<PathBuf> {
    let own = [home.api_socket(), home.hello_socket()];
    let dead = |path: &PathBuf| path.exists() && UnixStream::connect(path).is_err();
    own.into_iter().filter(dead).collect()
}

fn units(home: &Home) -> Vec<UnitId> {
    let entries = fs::read_dir(home.units()).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok()).collect()
}

fn claims(home: &Home) -> Vec<Claim> {
    let read = |unit: UnitId| fs::read(home.unit(&unit).join(unit::CLAIM)).ok();
    units(home).into_iter().filter_map(|u| serde_json::from_slice(&read(u)?).ok()).collect()
}

/// Whether a shim is gone without a word on how its program ended.
fn is_stale(home: &Home, claim: &Claim) -> bool {
    let alive =
        claim.boot == process::boot() && process::is_running(claim.shim.pid, claim.shim.start);
    let exit = fs::read(home.unit(&claim.id).join(unit::EXIT)).unwrap_or_default();
    let told = serde_json::from_slice::<unit::Exit>(&exit)
        .is_ok_and(|exit| exit.incarnation >= claim.incarnation);
    !alive && !told && claim.incarnation > 0
}

/// Processes whose environment names a unit of this home whose shim is gone.
fn orphans(home: &Home) -> Vec<(i32, String)> {
    let wanted = format!("GAIA_HOME={}", home.root().display());
    let dead: Vec<String> = claims(home)
        .into_iter()
        .filter(|claim| !process::is_running(claim.shim.pid, claim.shim.start))
        .map(|claim| format!("GAIA_PANE_ID={}", claim.id))
        .collect();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
    let of = |pid: &i32| {
        let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let env = String::from_utf8_lossy(&env).into_owned();
        let has = |word: &str| env.split('\0').any(|pair| pair == word);
        has(&wanted) && dead.iter().any(|word| has(word))
    };
    pids.filter(of).map(|pid| (pid, command(pid))).collect()
}

fn command(pid: i32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ").trim().to_owned()
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

fn terminfo() -> bool {
    let folders = ["/usr/share/terminfo", "/lib/terminfo", "/etc/terminfo", "/usr/lib/terminfo"];
    folders.iter().any(|folder| Path::new(folder).join("t/tmux-256color").exists())
}

/// Milliseconds by which the store was written in the future.
fn ahead(home: &Home) -> u64 {
    let written = fs::metadata(home.store().join("db")).and_then(|found| found.modified());
    let now = std::time::SystemTime::now();
    let ahead = written.ok().and_then(|at| at.duration_since(now).ok());
    ahead.map_or(0, |span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}
