//! The fence of a program: built in the shim, where files may be opened and memory taken; put up in
//! the child by system calls alone. The shim itself stays free.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};
use nix::{
    NixPath,
    errno::Errno,
    fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2},
    sys::stat::fstat,
};
use seccompiler::BpfProgram;

use super::{calls, cover, cover::Cover, sys};
use crate::base::{
    fence::{Fate, fate},
    unit::{Fence, Network},
};

/// The newest rules that were tried with real programs.
const NEWEST: ABI = ABI::V7;
/// Devices that terminals and ordinary programs use, and folders of such. Everything else in
/// `/dev` is shut: a disk can be read and written past every file.
const DEVICES: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
];
/// Shared memory: files are made and removed there.
const SHARED: &str = "/dev/shm";
/// Capabilities a fenced root keeps (capabilities(7)): owners and modes of files, users, signals,
/// low ports. The others reach around the fence: raw disks, kernel memory, modules, mounts.
const KEPT: &[i32] = &[0, 1, 3, 4, 5, 6, 7, 10];

/// A fence that waits for its program.
pub(super) struct Prepared {
    cover: Option<Cover>,
    ruleset: Option<RulesetCreated>,
    filters: Vec<BpfProgram>,
    /// What it cannot do, where that was accepted.
    pub(super) lacks: Option<String>,
}

/// Builds the fence of a program that begins in `cwd`; the sentence says why that is not possible.
pub(super) fn build(fence: &Fence, cwd: &Path) -> Result<Prepared, String> {
    if let Some(fault) = fence.fault() {
        return Err(fault);
    }
    let filters = calls::filters(&fence.network, !fence.cover.is_empty());
    let filter_lacks =
        filters.as_ref().err().map(|e| format!("system calls cannot be filtered: {e}"));
    let mut cover = cover::build(&fence.cover, cwd)?;
    let cover_lacks = cover.as_ref().and_then(Cover::lacks);
    if cover_lacks.is_some() {
        cover = None;
    }
    let all = [fence.lacks(sys::landlock_abi()), filter_lacks, cover_lacks];
    let all: Vec<String> = all.into_iter().flatten().collect();
    let lacks = (!all.is_empty()).then(|| all.join("; "));
    if let Some(lacks) = lacks.as_ref().filter(|_| !fence.best_effort) {
        return Err(format!("{lacks}; `best_effort` in its fence lets it run all the same"));
    }
    let broken = |e: landlock::RulesetError| format!("its fence cannot be put up: {e}");
    let mut ruleset = empty(&fence.network).map_err(broken)?;
    grant_reading(&mut ruleset, &fence.deny_read)?;
    grant_devices(&mut ruleset, &fence.deny_read);
    for path in &fence.write {
        let place = open(path).map_err(|errno| not_there(path, errno))?;
        grant(&mut ruleset, place, writing()).map_err(broken)?;
    }
    Ok(Prepared { cover, ruleset: Some(ruleset), filters: filters.unwrap_or_default(), lacks })
}

impl Prepared {
    /// Hides what is covered from this process. Runs between fork and exec, while it still has the
    /// rights of the shim.
    pub(super) fn cover(&self) -> io::Result<()> {
        self.cover.as_ref().map_or(Ok(()), Cover::put_up)
    }

    /// Puts up the rest around this process, for good. Runs between fork and exec.
    pub(super) fn apply(&mut self) -> io::Result<()> {
        // A folder that is open already would be a way past every cover.
        sys::close_on_exec_from(3);
        (0..64).filter(|number| !KEPT.contains(number)).for_each(sys::drop_capability);
        let ruleset = self.ruleset.take().ok_or(Errno::EINVAL)?;
        let status = ruleset.restrict_self().map_err(|_| io::Error::last_os_error())?;
        if status.ruleset == RulesetStatus::NotEnforced && self.lacks.is_none() {
            return Err(Errno::EPERM.into());
        }
        let put = |filter: &BpfProgram| seccompiler::apply_filter(filter);
        self.filters.iter().try_for_each(put).map_err(|_| io::Error::last_os_error())
    }
}

/// Nothing is allowed yet.
fn empty(network: &Network) -> Result<RulesetCreated, landlock::RulesetError> {
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?;
    let ruleset = match network {
        Network::All => ruleset.create()?,
        Network::None => ruleset.handle_access(AccessNet::from_all(NEWEST))?.create()?,
        Network::Ports(ports) => {
            let mut ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?.create()?;
            for port in ports {
                ruleset = ruleset.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
            }
            ruleset
        }
    };
    // Where the machine keeps an audit log, refusals stand in it though the program is another.
    ruleset.log_new_exec(true)
}

/// All but the making of devices: one made here would be a disk that may be written.
fn writing() -> BitFlags<AccessFs> {
    AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock)
}

fn grant_reading(ruleset: &mut RulesetCreated, denied: &[PathBuf]) -> Result<(), String> {
    for path in denied {
        match open(path) {
            // What is not there is shut as well, should it come.
            Ok(_) | Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => (),
            Err(errno) => return Err(not_there(path, errno)),
        }
    }
    let root = Path::new("/");
    around(root, denied, &mut |place| {
        let _ = grant(ruleset, place, AccessFs::ReadDir.into());
    });
    let mut shut = denied.to_vec();
    shut.push("/dev".into());
    around(root, &shut, &mut |place| {
        let _ = grant(ruleset, place, AccessFs::ReadFile | AccessFs::Execute);
    });
    Ok(())
}

/// Gives every place that is not shut, in as few pieces as there can be. What vanishes meanwhile,
/// or cannot be opened, is not given.
fn around(path: &Path, shut: &[PathBuf], give: &mut impl FnMut(OwnedFd)) {
    match fate(path, shut) {
        Fate::Shut => (),
        Fate::Open => {
            if let Ok(place) = open(path) {
                give(place);
            }
        }
        Fate::Way => {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                around(&entry.path(), shut, give);
            }
        }
    }
}

fn grant_devices(ruleset: &mut RulesetCreated, denied: &[PathBuf]) {
    let using = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev;
    let devices = DEVICES.iter().map(|device| (Path::new(device), using));
    let shared = (Path::new(SHARED), writing() & !AccessFs::IoctlDev);
    for (path, access) in devices.chain([shared]) {
        if fate(path, denied) == Fate::Open
            && let Ok(place) = open_leniently(path)
        {
            let _ = grant(ruleset, place, access);
        }
    }
}

/// Allows `access` at a place and below it.
fn grant(
    ruleset: &mut RulesetCreated,
    place: OwnedFd,
    access: BitFlags<AccessFs>,
) -> Result<(), landlock::RulesetError> {
    let folder = fstat(&place).is_ok_and(|found| found.st_mode & libc::S_IFMT == libc::S_IFDIR);
    // A rule that gives a file what only folders have counts as an error.
    let access = if folder { access } else { access & AccessFs::from_file(NEWEST) };
    if access.is_empty() {
        return Ok(());
    }
    ruleset.add_rule(PathBeneath::new(place, access)).map(drop)
}

/// A handle on a place that no symbolic link leads to: whoever may write above it could otherwise
/// have it lead elsewhere by the next start.
pub(super) fn open<P: ?Sized + NixPath>(path: &P) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(AT_FDCWD, path, how)
}

/// A handle on a place of the machine's own; `/dev/ptmx` may be a link.
fn open_leniently(path: &Path) -> nix::Result<OwnedFd> {
    openat2(AT_FDCWD, path, OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC))
}

pub(super) fn not_there(path: &Path, errno: Errno) -> String {
    let path = path.display();
    match errno {
        Errno::ENOENT | Errno::ENOTDIR => {
            format!("its fence names {path}, which does not exist; make it first")
        }
        Errno::ELOOP => format!(
            "its fence names {path}, and a symbolic link is on that way; name the place it leads to"
        ),
        errno => format!("its fence names {path}, which cannot be opened: {errno}"),
    }
}
