use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// The files of the person: definitions, env files, folders of workspaces.
pub trait Files: Send + Sync {
    /// The first `limit` bytes of a file; `None` if there is none, a sentence if it cannot be read.
    fn read(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String>;
    /// The first `limit` bytes of a regular file; a link or anything else is refused, not followed.
    fn read_plain(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String>;
    /// Whether this is a folder.
    fn is_dir(&self, path: &Path) -> bool;
    /// Names of the files in a folder, sorted; none if there is no folder.
    fn names(&self, path: &Path) -> Vec<String>;
    /// Writes a file that does not exist yet, whole or not at all; a sentence says why not.
    fn create(&self, path: &Path, text: &[u8]) -> Result<(), String>;
    /// Writes a file that only this user can read, whole or not at all, in place of what is there.
    fn keep(&self, path: &Path, text: &[u8]) -> Result<(), String>;
    /// Removes a file; one that is not there is no fault.
    fn forget(&self, path: &Path);
    /// Replaces the text of a file, whole or not at all; who may read it stays as it is.
    fn rewrite(&self, path: &Path, text: &[u8]) -> Result<(), String>;
    /// Makes a folder that only its owner (user and group id, if not ours) can enter.
    fn private_dir(&self, path: &Path, owner: Option<(u32, u32)>) -> Result<(), String>;
    /// Files below a folder whose whole path fits a glob, sorted; links are not followed.
    fn matching(&self, root: &Path, glob: &str) -> Vec<PathBuf>;
    /// A path without links in it, as far as it exists.
    fn real(&self, path: &Path) -> PathBuf;
    /// Makes a symlink at `at`, in place of one that is there.
    fn link(&self, target: &Path, at: &Path) -> Result<(), String>;
    /// Removes a folder of gaia's own with all that is in it; one that is gone is no fault.
    fn remove_dir(&self, path: &Path) -> Result<(), String>;
    /// Whether something is there.
    fn exists(&self, path: &Path) -> bool;
}

/// Files that are only remembered.
#[derive(Debug, Clone, Default)]
pub struct FakeFiles(Arc<Mutex<BTreeMap<PathBuf, Vec<u8>>>>);

impl FakeFiles {
    /// Puts a file there.
    pub fn put(&self, path: &str, text: &str) {
        self.map().insert(path.into(), text.into());
    }

    fn map(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Files for FakeFiles {
    fn read(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String> {
        Ok(self.map().get(path).map(|text| text[..text.len().min(limit)].to_vec()))
    }

    fn read_plain(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, String> {
        self.read(path, limit)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.map().keys().any(|file| file.starts_with(path) && file != path)
    }

    fn names(&self, path: &Path) -> Vec<String> {
        let map = self.map();
        let inside = map.keys().filter(|file| file.parent() == Some(path));
        inside.filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect()
    }

    fn create(&self, path: &Path, text: &[u8]) -> Result<(), String> {
        if self.map().contains_key(path) {
            return Err(format!("{} is there already", path.display()));
        }
        self.map().insert(path.to_owned(), text.to_vec());
        Ok(())
    }

    fn keep(&self, path: &Path, text: &[u8]) -> Result<(), String> {
        self.map().insert(path.to_owned(), text.to_vec());
        Ok(())
    }

    fn forget(&self, path: &Path) {
        self.map().remove(path);
    }

    fn rewrite(&self, path: &Path, text: &[u8]) -> Result<(), String> {
        self.keep(path, text)
    }

    fn private_dir(&self, _path: &Path, _owner: Option<(u32, u32)>) -> Result<(), String> {
        Ok(())
    }

    fn matching(&self, root: &Path, glob: &str) -> Vec<PathBuf> {
        let Ok(glob) = globset::Glob::new(glob) else { return vec![] };
        let glob = glob.compile_matcher();
        let map = self.map();
        map.keys().filter(|f| f.starts_with(root) && glob.is_match(f)).cloned().collect()
    }

    fn real(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn link(&self, target: &Path, at: &Path) -> Result<(), String> {
        self.keep(at, target.display().to_string().as_bytes())
    }

    fn remove_dir(&self, path: &Path) -> Result<(), String> {
        self.map().retain(|file, _| !file.starts_with(path));
        Ok(())
    }

    fn exists(&self, path: &Path) -> bool {
        self.map().contains_key(path) || self.is_dir(path)
    }
}
