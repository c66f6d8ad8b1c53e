use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::Path,
};

use crate::port::Files;

/// The files of this machine.
pub struct SystemFiles;

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
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(path).map_err(sentence)?;
        let written = file.write_all(text).and_then(|()| file.sync_all());
        written.map_err(|e| {
            // Half a file is worse than none: it would be read as a whole one.
            let _ = fs::remove_file(path);
            sentence(e)
        })
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

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}
