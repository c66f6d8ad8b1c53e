//! Folders as a whole.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{
            ffi::OsStrExt,
            fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
        },
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, Flock, FlockArg, OFlag, RenameFlags, openat, renameat2},
    sys::stat::{Mode as Bits, mkdirat},
    unistd::symlinkat,
};

use crate::{
    base::{Item, Mode},
    port::{Ground, Lies},
};

/// Bytes and files of one template.
const MAX_BYTES: usize = 256 << 20;
const MAX_FILES: usize = 50_000;
/// Folders below one another.
const MAX_DEPTH: usize = 64;

/// The folders of this machine.
#[derive(Default)]
pub struct SystemGround {
    /// Debug builds only: when to die.
    #[cfg(debug_assertions)]
    pub fuse: Option<super::crash::Fuse>,
}

impl Ground for SystemGround {
    fn lies(&self, path: &Path) -> Lies {
        match fs::symlink_metadata(path) {
            Err(_) => Lies::Nothing,
            Ok(meta) if !meta.is_dir() => Lies::Other,
            Ok(_) => match fs::read_dir(path).map(|mut all| all.next().is_none()) {
                Ok(true) => Lies::Empty,
                Ok(false) => Lies::Full,
                Err(_) => Lies::Other,
            },
        }
    }

    fn read(&self, root: &Path) -> Result<Vec<Item>, String> {
        let mut reader = Reader { all: vec![], bytes: 0 };
        reader.folder(root, "", 0)?;
        reader.all.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(reader.all)
    }

    fn folders(&self, root: &Path) -> Vec<String> {
        let all = fs::read_dir(root).into_iter().flatten().flatten();
        let folders = all.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<String> =
            folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    fn raise(&self, target: &Path, items: &[Item]) -> Result<PathBuf, String> {
        let (above, name) = parts(target)?;
        fs::create_dir_all(above)
            .map_err(|e| format!("{} cannot be made: {e}", above.display()))?;
        let raised = above.join(format!(".{name}.gaia-new"));
        let fault = |e: io::Error| format!("{} cannot be made: {e}", raised.display());
        if raised.symlink_metadata().is_ok() {
            let _held = hold(&raised, target)?;
            remove(&raised).map_err(fault)?;
        }
        fs::create_dir(&raised).map_err(fault)?;
        let held = hold(&raised, target)?;
        self.point();
        let written = self.write(&raised, items);
        drop(held);
        match written {
            Ok(()) => Ok(raised),
            Err(what) => {
                let _ = remove(&raised);
                Err(what)
            }
        }
    }

    fn place(&self, raised: &Path, target: &Path) -> Result<(), String> {
        self.point();
        let fault = |what: String| {
            let _ = remove(raised);
            format!("{} cannot be made: {what}", target.display())
        };
        let placed = match fs::symlink_metadata(target) {
            // An empty folder is replaced: its mode stays.
            Ok(meta) if meta.is_dir() => {
                let mode = fs::Permissions::from_mode(meta.mode() & 0o7777);
                fs::set_permissions(raised, mode).and_then(|()| fs::rename(raised, target))
            }
            Ok(_) => return Err(fault("there is something".to_owned())),
            Err(_) => fresh(raised, target),
        };
        placed.map_err(|e| match e.kind() {
            ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => {
                fault("something came there meanwhile".to_owned())
            }
            _ => fault(e.to_string()),
        })?;
        self.point();
        Ok(())
    }

    fn raze(&self, raised: &Path) {
        let _ = remove(raised);
    }

    fn point(&self) {
        #[cfg(debug_assertions)]
        if let Some(fuse) = &self.fuse {
            fuse.point();
        }
    }
}

/// Moves to where nothing is; a file system that cannot promise that is trusted to say so.
fn fresh(raised: &Path, target: &Path) -> io::Result<()> {
    match renameat2(AT_FDCWD, raised, AT_FDCWD, target, RenameFlags::RENAME_NOREPLACE) {
        Err(Errno::EINVAL | Errno::ENOSYS) => fs::rename(raised, target),
        other => Ok(other?),
    }
}

fn parts(target: &Path) -> Result<(&Path, &str), String> {
    let name = target.file_name().and_then(|name| name.to_str());
    let found = target.parent().zip(name);
    found.ok_or_else(|| format!("{} is no place for a project", target.display()))
}

fn hold(raised: &Path, target: &Path) -> Result<Option<Flock<File>>, String> {
    let nofollow = libc::O_NOFOLLOW | libc::O_DIRECTORY;
    let Ok(folder) = fs::OpenOptions::new().read(true).custom_flags(nofollow).open(raised) else {
        return Ok(None);
    };
    match Flock::lock(folder, FlockArg::LockExclusiveNonblock) {
        Ok(held) => Ok(Some(held)),
        Err(_) => Err(format!("another gaia makes {} just now", target.display())),
    }
}

fn remove(raised: &Path) -> io::Result<()> {
    match fs::symlink_metadata(raised) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(raised),
        Ok(_) => fs::remove_file(raised),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

impl SystemGround {
    /// Writes all, each below the folder that was opened for it: no link is met on the way.
    fn write(&self, root: &Path, items: &[Item]) -> Result<(), String> {
        let open: OwnedFd = File::open(root)
            .map_err(|e| format!("{} cannot be opened: {e}", root.display()))?
            .into();
        let mut folders: Vec<(String, OwnedFd)> = vec![(String::new(), open)];
        for item in items {
            self.one(&mut folders, item)
                .map_err(|e| format!("{} cannot be written: {e}", item.path))?;
            self.point();
        }
        Ok(())
    }

    fn one(&self, folders: &mut Vec<(String, OwnedFd)>, item: &Item) -> io::Result<()> {
        let (above, name) = item.path.rsplit_once('/').unwrap_or(("", &item.path));
        while folders.len() > 1 && folders.last().is_some_and(|(open, _)| !is_within(above, open)) {
            folders.pop();
        }
        let from = folders.last().map_or(0, |(open, _)| open.len());
        for part in above[from..].split('/').filter(|part| !part.is_empty()) {
            let next = folder(last(folders)?, part)?;
            let path = folders.last().map_or("", |(open, _)| open);
            let path = if path.is_empty() { part.to_owned() } else { format!("{path}/{part}") };
            folders.push((path, next));
        }
        let above = last(folders)?;
        match item.mode {
            Mode::Folder => folder(above, name).map(drop),
            Mode::Link => {
                Ok(symlinkat(std::ffi::OsStr::from_bytes(&item.bytes), above.as_fd(), name)?)
            }
            Mode::Plain | Mode::Exec => {
                let bits = if item.mode == Mode::Exec { 0o777 } else { 0o666 };
                let flags = OFlag::O_WRONLY
                    | OFlag::O_CREAT
                    | OFlag::O_EXCL
                    | OFlag::O_NOFOLLOW
                    | OFlag::O_CLOEXEC;
                let file = openat(above.as_fd(), name, flags, Bits::from_bits_truncate(bits))?;
                File::from(file).write_all(&item.bytes)
            }
        }
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn last(folders: &[(String, OwnedFd)]) -> io::Result<&OwnedFd> {
    folders.last().map(|(_, fd)| fd).ok_or_else(|| ErrorKind::NotFound.into())
}

/// Makes and opens a folder in another.
fn folder(above: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    match mkdirat(above.as_fd(), name, Bits::from_bits_truncate(0o777)) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(errno) => return Err(errno.into()),
    }
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(above.as_fd(), name, flags, Bits::empty())?)
}

struct Reader {
    all: Vec<Item>,
    bytes: usize,
}

impl Reader {
    fn folder(&mut self, folder: &Path, below: &str, depth: usize) -> Result<(), String> {
        let fault = |e: io::Error| format!("{} cannot be read: {e}", folder.display());
        if depth > MAX_DEPTH {
            return Err(format!("{} is too deep for a template", folder.display()));
        }
        for entry in fs::read_dir(folder).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let name = entry.file_name();
            if depth == 0 && name == ".git" {
                continue;
            }
            let Some(name) = name.to_str() else {
                return Err(format!("{} has a name that is not UTF-8", entry.path().display()));
            };
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            let kind = entry.file_type().map_err(fault)?;
            if kind.is_dir() {
                self.folder(&entry.path(), &path, depth + 1)?;
            } else {
                self.file(&entry.path(), path, kind)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, at: &Path, path: String, kind: fs::FileType) -> Result<(), String> {
        let fault = |e: io::Error| format!("{} cannot be read: {e}", at.display());
        let (bytes, mode) = if kind.is_symlink() {
            let to = fs::read_link(at).map_err(fault)?;
            (to.as_os_str().as_bytes().to_vec(), Mode::Link)
        } else if kind.is_file() {
            let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
            let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(at);
            let file = file.map_err(fault)?;
            let meta = file.metadata().map_err(fault)?;
            let left = MAX_BYTES.saturating_sub(self.bytes);
            if usize::try_from(meta.len()).unwrap_or(usize::MAX) > left {
                return Err(format!(
                    "{}: a template has at most {} MiB",
                    at.display(),
                    MAX_BYTES >> 20
                ));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
            io::Read::read_to_end(&mut io::Read::take(file, left as u64 + 1), &mut bytes)
                .map_err(fault)?;
            (bytes, if meta.mode() & 0o111 == 0 { Mode::Plain } else { Mode::Exec })
        } else {
            return Err(format!("{} is neither a file, nor a folder, nor a link", at.display()));
        };
        self.bytes += bytes.len();
        self.all.push(Item { path, bytes, mode });
        if self.all.len() > MAX_FILES || self.bytes > MAX_BYTES {
            return Err(format!("{} is more than a template has", at.display()));
        }
        Ok(())
    }
}
