//! Files below one folder, reached by `openat2` so that no link leads out of it.

use std::{
    fs::{File, Permissions},
    io::{self, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::fs::PermissionsExt,
    },
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{AtFlags, Flock, FlockArg, OFlag, OpenHow, ResolveFlag, openat2, readlinkat, renameat},
    sys::stat::{Mode, SFlag, fstatat, mkdirat},
    unistd::{UnlinkatFlags, symlinkat, syncfs, unlinkat},
};

use crate::port::{Beneath, Held, Seen};

/// A longer file is no text of a project.
const MAX_BYTES: u64 = 64 << 20;
/// Files of a project that are looked at.
const MOST: usize = 200_000;

/// The files of this machine, below a folder.
pub struct SystemBeneath;

impl Held for Flock<File> {}

/// Opens below a folder: links on the way, or at the end, are refused.
fn open(root: impl AsFd, path: &str, flags: OFlag, mode: Mode) -> nix::Result<OwnedFd> {
    let resolve = ResolveFlag::RESOLVE_BENEATH
        | ResolveFlag::RESOLVE_NO_SYMLINKS
        | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).mode(mode).resolve(resolve);
    openat2(root, path, how)
}

fn open_root(root: &Path) -> io::Result<OwnedFd> {
    Ok(File::options().read(true).open(root)?.into())
}

const FOLDER: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY);

/// The folder above a path, and the last part of the path.
fn above<'a>(root: &OwnedFd, path: &'a str, make: bool) -> nix::Result<(OwnedFd, &'a str)> {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    match open(root, folder, FOLDER, Mode::empty()) {
        Err(Errno::ENOENT) if make => {}
        other => return Ok((other?, name)),
    }
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    let mut last = open(root, ".", FOLDER, Mode::empty())?;
    for end in ends {
        let part = folder[..end].rsplit('/').next().unwrap_or_default();
        match mkdirat(&last, part, Mode::from_bits_truncate(0o777)) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
        last = open(&last, part, FOLDER, Mode::empty())?;
    }
    Ok((last, name))
}

/// A folder on the way is none, or a link: then nothing is there.
fn is_nothing(errno: Errno) -> bool {
    matches!(errno, Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP)
}

fn sentence(path: &str, what: &str) -> impl Fn(io::Error) -> String {
    move |error| match error.raw_os_error() {
        Some(libc::ELOOP) => format!("{path} cannot be {what}: a folder above it is a link"),
        _ => format!("{path} cannot be {what}: {error}"),
    }
}

fn look(root: &Path, path: &str) -> io::Result<Option<Seen>> {
    let root = open_root(root)?;
    let (folder, name) = match above(&root, path, false) {
        Ok(found) => found,
        Err(errno) if is_nothing(errno) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let stat = match fstatat(&folder, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(errno) if is_nothing(errno) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
    if kind == SFlag::S_IFDIR {
        return Ok(Some(Seen::Folder));
    }
    if kind == SFlag::S_IFLNK {
        let target = readlinkat(&folder, name)?;
        return Ok(Some(Seen::Link(target.to_string_lossy().into_owned())));
    }
    if kind != SFlag::S_IFREG {
        return Err(io::Error::other("it is neither a file, nor a folder, nor a link"));
    }
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK;
    let file = File::from(open(&folder, name, flags, Mode::empty())?);
    let mut bytes = Vec::with_capacity(usize::try_from(stat.st_size).unwrap_or_default());
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is longer than 64 MiB"));
    }
    Ok(Some(Seen::File { bytes, exec: stat.st_mode & 0o100 != 0 }))
}

fn put(root: &Path, path: &str, what: &Seen, like: Option<&str>) -> io::Result<()> {
    let root = open_root(root)?;
    let (folder, name) = above(&root, path, true)?;
    let fresh = format!(".{name}.gaia-new");
    match unlinkat(&folder, fresh.as_str(), UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => {}
        Err(errno) => return Err(errno.into()),
    }
    let written = match what {
        Seen::Folder => match mkdirat(&folder, name, Mode::from_bits_truncate(0o777)) {
            Ok(()) | Err(Errno::EEXIST) => return Ok(()),
            Err(errno) => Err(errno.into()),
        },
        Seen::Link(target) => {
            symlinkat(target.as_str(), &folder, fresh.as_str()).map_err(Into::into)
        }
        Seen::File { bytes, exec } => {
            let bits = like.and_then(|like| mode_of(&root, like));
            write(&folder, &fresh, bytes, (*exec, bits))
        }
    };
    let placed = written
        .and_then(|()| renameat(&folder, fresh.as_str(), &folder, name).map_err(io::Error::from));
    if placed.is_err() {
        let _ = unlinkat(&folder, fresh.as_str(), UnlinkatFlags::NoRemoveDir);
    }
    placed
}

/// Who may read, write and run a file.
fn mode_of(root: &OwnedFd, path: &str) -> Option<u32> {
    let (folder, name) = above(root, path, false).ok()?;
    let stat = fstatat(&folder, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    (stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits()).then_some(stat.st_mode & 0o777)
}

fn write(
    folder: &OwnedFd,
    name: &str,
    bytes: &[u8],
    (exec, like): (bool, Option<u32>),
) -> io::Result<()> {
    let mode = Mode::from_bits_truncate(if exec { 0o777 } else { 0o666 });
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL;
    let mut file = File::from(open(folder, name, flags, mode)?);
    if let Some(bits) = like {
        // Who may read it may run it.
        let bits = if exec { bits | ((bits & 0o444) >> 2) } else { bits & !0o111 };
        file.set_permissions(Permissions::from_mode(bits))?;
    }
    file.write_all(bytes)
}

fn shift(root: &Path, from: &str, to: &str) -> io::Result<()> {
    let dir = open_root(root)?;
    let (old, old_name) = match above(&dir, from, false) {
        Err(Errno::ENOENT) => return Ok(()),
        other => other?,
    };
    match fstatat(&old, old_name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(_) => {}
        Err(Errno::ENOENT) => return Ok(()),
        Err(errno) => return Err(errno.into()),
    }
    let (new, new_name) = above(&dir, to, true)?;
    match renameat(&old, old_name, &new, new_name) {
        // A folder of the project may be another disk.
        Err(Errno::EXDEV) => {
            if let Some(seen) = look(root, from)? {
                put(root, to, &seen, Some(from))?;
            }
            Ok(unlinkat(&old, old_name, UnlinkatFlags::NoRemoveDir)?)
        }
        other => Ok(other?),
    }
}

fn remove(root: &Path, path: &str) -> io::Result<()> {
    let dir = open_root(root)?;
    match above(&dir, path, false) {
        Ok((folder, name)) => match unlinkat(&folder, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno.into()),
        },
        Err(Errno::ENOENT) => {}
        Err(errno) => return Err(errno.into()),
    }
    let mut path = path;
    while let Some((folder, _)) = path.rsplit_once('/') {
        let Ok((above, name)) = above(&dir, folder, false) else { break };
        // One that is not empty stays, with those above it.
        if !matches!(unlinkat(&above, name, UnlinkatFlags::RemoveDir), Ok(()) | Err(Errno::ENOENT))
        {
            break;
        }
        path = folder;
    }
    Ok(())
}

fn clear(folder: &OwnedFd, name: &str) -> nix::Result<()> {
    match unlinkat(folder, name, UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => return Ok(()),
        Err(Errno::EISDIR | Errno::EPERM) => {}
        Err(errno) => return Err(errno),
    }
    let inner = open(folder, name, OFlag::O_RDONLY | OFlag::O_DIRECTORY, Mode::empty())?;
    let listed = std::fs::read_dir(format!("/proc/self/fd/{}", inner.as_raw_fd()));
    for entry in listed.map_err(|_| Errno::EIO)?.flatten() {
        clear(&inner, &entry.file_name().to_string_lossy())?;
    }
    unlinkat(folder, name, UnlinkatFlags::RemoveDir)
}

fn walk(root: &Path) -> Vec<String> {
    let own = |name: &std::ffi::OsStr| name == ".git" || name == ".gaia";
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .follow_links(false)
        .require_git(false)
        .parents(false)
        .git_global(false)
        .filter_entry(move |entry| !own(entry.file_name()))
        .build();
    let files = walk.flatten().filter(|e| e.file_type().is_some_and(|kind| !kind.is_dir()));
    let mut paths: Vec<String> = files
        .filter_map(|e| Some(e.path().strip_prefix(root).ok()?.to_str()?.to_owned()))
        .take(MOST)
        .collect();
    paths.sort();
    paths
}

impl Beneath for SystemBeneath {
    fn hold(&self, root: &Path) -> Result<Box<dyn Held>, String> {
        let at = root.display().to_string();
        let folder = File::from(open_root(root).map_err(sentence(&at, "opened"))?);
        match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
            Ok(held) => Ok(Box::new(held)),
            Err(_) => Err(format!("another gaia works on {at} just now")),
        }
    }

    fn look(&self, root: &Path, path: &str) -> Result<Option<Seen>, String> {
        look(root, path).map_err(sentence(path, "read"))
    }

    fn walk(&self, root: &Path) -> Result<Vec<String>, String> {
        Ok(walk(root))
    }

    fn put(&self, root: &Path, path: &str, what: &Seen, like: Option<&str>) -> Result<(), String> {
        put(root, path, what, like).map_err(sentence(path, "written"))
    }

    fn shift(&self, root: &Path, from: &str, to: &str) -> Result<(), String> {
        shift(root, from, to).map_err(sentence(to, "written"))
    }

    fn remove(&self, root: &Path, path: &str) -> Result<(), String> {
        remove(root, path).map_err(sentence(path, "removed"))
    }

    fn clear(&self, root: &Path, path: &str) -> Result<(), String> {
        let act = || {
            let dir = open_root(root)?;
            match above(&dir, path, false) {
                Ok((folder, name)) => Ok(clear(&folder, name)?),
                Err(Errno::ENOENT) => Ok(()),
                Err(errno) => Err(errno.into()),
            }
        };
        act().map_err(sentence(path, "removed"))
    }

    fn settle(&self, root: &Path) -> Result<(), String> {
        let act = || Ok(syncfs(open_root(root)?)?);
        act().map_err(sentence(".", "written to the disk"))
    }
}
