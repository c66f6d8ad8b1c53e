//! Files around git that gaia touches by itself.

use std::{
    fs::{self, File, FileTimes, OpenOptions},
    io::{self, Read},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use sha2::{Digest, Sha256};

use super::run::io as fault;
use crate::port::GitError;

/// A folder for one operation, gone with it.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(private: &Path) -> Result<Self, GitError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = private.join(format!("tmp.{}.{count}", std::process::id()));
        // What is left here is from a process with our number that died.
        let _ = fs::remove_dir_all(&path);
        private_dir(&path).map_err(fault(&path))?;
        Ok(Self(path))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a folder that only its owner can look into.
pub(super) fn private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Where the private index of a worktree is kept between operations.
pub(super) fn index_of(private: &Path, gitdir: &Path) -> PathBuf {
    use std::fmt::Write as _;
    let digest = Sha256::digest(gitdir.as_os_str().as_bytes());
    let name = digest.iter().take(12).fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    });
    private.join(format!("{name}.index"))
}

/// Copies an index with its time: git takes an entry that is younger than its index as doubtful,
/// and a copy that looks younger than it is would hide changes.
pub(super) fn copy_index(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(from)?;
    let about = source.metadata()?;
    if !about.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut copy = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(about.mode() & 0o777)
        .custom_flags(libc::O_NOFOLLOW)
        .open(to)?;
    io::copy(&mut source, &mut copy)?;
    copy.set_times(FileTimes::new().set_modified(about.modified()?))
}

/// Puts an index in the place of another one, whole or not at all.
pub(super) fn replace_index(from: &Path, to: &Path) -> io::Result<()> {
    let mut fresh = to.as_os_str().to_owned();
    fresh.push(format!(".gaia.{}", std::process::id()));
    let _ = fs::remove_file(&fresh);
    let done = copy_index(from, Path::new(&fresh)).and_then(|()| fs::rename(&fresh, to));
    if done.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    done
}

/// A short text file, not through a symlink.
pub(super) fn read_short(path: &Path) -> Option<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = vec![];
    file.take(8192).read_to_end(&mut bytes).ok()?;
    while bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Some(bytes)
}

/// Removes a folder with all in it, not through symlinks. Folders that were made read-only, as some
/// package managers do, are no obstacle.
pub(super) fn remove_tree(path: &Path) -> Result<(), GitError> {
    let gone = |done: io::Result<()>| match done {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    match gone(fs::remove_dir_all(path)) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path);
            gone(fs::remove_dir_all(path)).map_err(fault(path))
        }
        done => done.map_err(fault(path)),
    }
}

fn open_up(folder: &Path) {
    let flags = libc::O_NOFOLLOW | libc::O_DIRECTORY;
    let Ok(handle) = OpenOptions::new().read(true).custom_flags(flags).open(folder) else { return };
    let writable = |file: &File| {
        let mut permissions = file.metadata()?.permissions();
        permissions.set_mode(permissions.mode() | 0o700);
        file.set_permissions(permissions)
    };
    let _ = writable(&handle);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            open_up(&entry.path());
        }
    }
}

/// Nothing there, or an empty folder.
pub(super) fn is_free(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => path.symlink_metadata().is_err(),
    }
}

/// The files under a nested repository, without its own folder of git.
pub(super) fn files_below(top: &Path, folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(top.join(folder)).into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        match entry.file_type() {
            _ if entry.file_name().eq_ignore_ascii_case(".git") => {}
            Ok(t) if t.is_dir() => files_below(top, &path, found),
            Ok(t) if t.is_file() || t.is_symlink() => found.push(path),
            _ => {}
        }
    }
}
