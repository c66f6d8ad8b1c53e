use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::port::Files;

/// The files of this machine.
pub struct SystemFiles;

/// Whether a file system knows no second name of a file.
fn without_links(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::EOPNOTSUPP | libc::ENOSYS))
}

/// Writes a file that does not exist yet, under its own name from the start.
fn only_new(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file is worse than none: it would be read as a whole one.
        let _ = fs::remove_file(path);
    }
    written
}

/// Folders below a root that are looked into.
const DEEPEST: u32 = 8;

impl Files for SystemFiles {
    fn read(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String> {
        let sentence = |e: std::io::Error| format!("{} cannot be read: {e}", path.display());
        let file = match fs::File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(sentence(e)),
        };
        let mut bytes = Vec::new();
        file.take(limit as u64).read_to_end(&mut bytes).map_err(sentence)?;
        Ok(Some(bytes))
    }

    fn read_plain(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String> {
        let sentence = |e: std::io::Error| match e.raw_os_error() {
            Some(libc::ELOOP) => {
                format!("{} is a link, and gaia does not follow it", path.display())
            }
            _ => format!("{} cannot be read: {e}", path.display()),
        };
        let open = OpenOptions::new()
            .read(true)
            // A named pipe must not hold us up.
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC)
            .open(path);
        let file = match open {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(sentence(e)),
        };
        if !file.metadata().map_err(sentence)?.is_file() {
            return Err(format!("{} is no regular file", path.display()));
        }
        let mut bytes = Vec::new();
        file.take(limit as u64).read_to_end(&mut bytes).map_err(sentence)?;
        Ok(Some(bytes))
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn names(&self, path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn create(&self, path: &Path, text: &[u8]) -> Result<(), String> {
        let sentence = |e: std::io::Error| match e.kind() {
            ErrorKind::AlreadyExists => format!("{} is there already", path.display()),
            _ => format!("{} cannot be written: {e}", path.display()),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(sentence)?;
        }
        let fresh = path.with_added_extension(format!("new.{}", std::process::id()));
        let _ = fs::remove_file(&fresh);
        let open = OpenOptions::new().write(true).create_new(true).open(&fresh);
        let written = open.and_then(|mut file| file.write_all(text).and_then(|()| file.sync_all()));
        // A second name for the same file, unlike a rename, takes nobody's place.
        let placed = written.and_then(|()| fs::hard_link(&fresh, path));
        let placed = match placed {
            Err(e) if without_links(&e) => only_new(path, text),
            placed => placed,
        };
        let _ = fs::remove_file(&fresh);
        placed.map_err(sentence)
    }

    fn keep(&self, path: &Path, text: &[u8]) -> Result<(), String> {
        let sentence = |e: std::io::Error| format!("{} cannot be written: {e}", path.display());
        if let Some(folder) = path.parent() {
            super::files::private_dir(folder).map_err(sentence)?;
        }
        super::files::replace(path, text).map_err(sentence)
    }

    fn forget(&self, path: &Path) {
        let _ = fs::remove_file(path);
    }

    fn rewrite(&self, path: &Path, text: &[u8]) -> Result<(), String> {
        let sentence = |e: std::io::Error| format!("{} cannot be written: {e}", path.display());
        // A link stays a link: what it points to is replaced.
        let real = fs::canonicalize(path).map_err(sentence)?;
        let mode = fs::metadata(&real).map_err(sentence)?.permissions();
        super::files::replace(&real, text).map_err(sentence)?;
        fs::set_permissions(&real, mode).map_err(sentence)
    }

    fn private_dir(&self, path: &Path, owner: Option<(u32, u32)>) -> Result<(), String> {
        let sentence = |e: std::io::Error| format!("{} cannot be made: {e}", path.display());
        let outside = || std::io::Error::other("it is a link, and gaia does not follow it");
        if path.is_symlink() {
            return Err(sentence(outside()));
        }
        if let Some(above) = path.parent() {
            super::files::make_dir(above).map_err(sentence)?;
        }
        super::files::private_dir(path).map_err(sentence)?;
        let Some((uid, gid)) = owner else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(sentence)
    }

    fn matching(&self, root: &Path, glob: &str) -> Vec<PathBuf> {
        let Ok(glob) = globset::Glob::new(glob) else { return vec![] };
        let glob = glob.compile_matcher();
        let (mut found, mut next) = (Vec::new(), vec![(root.to_owned(), 0)]);
        while let Some((folder, depth)) = next.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, kind) = (entry.path(), entry.file_type());
                match kind {
                    Ok(kind) if kind.is_dir() && depth < DEEPEST => next.push((path, depth + 1)),
                    Ok(kind) if kind.is_file() && glob.is_match(&path) => found.push(path),
                    _ => (),
                }
            }
        }
        found.sort();
        found
    }

    fn real(&self, path: &Path) -> PathBuf {
        let mut rest = Vec::new();
        for folder in path.ancestors() {
            if let Ok(real) = folder.canonicalize() {
                return rest.iter().rev().fold(real, |path, name| path.join(name));
            }
            rest.extend(folder.file_name());
        }
        path.to_owned()
    }

    fn link(&self, target: &Path, at: &Path) -> Result<(), String> {
        let _ = std::fs::remove_file(at);
        std::os::unix::fs::symlink(target, at).map_err(|e| format!("{}: {e}", at.display()))
    }

    fn remove_dir(&self, path: &Path) -> Result<(), String> {
        match std::fs::remove_dir_all(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("{}: {e}", path.display()))
            }
            _ => Ok(()),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}
