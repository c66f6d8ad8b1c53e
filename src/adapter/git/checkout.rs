//! A checkout of a branch that is being moved.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use super::{
    SystemGit,
    commit::Entry,
    files::{self, Scratch},
    run::{io, list, parts, path},
};
use crate::port::{GitError, Publish, Repo, Sha, Worktree};

/// A file that is not there.
const NONE: &str = "000000";
const MODULE: &str = "160000";
/// What is there while a person is in the middle of something.
const MIDST: &[&str] =
    &["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"];

/// A checkout whose index is locked and whose files may be brought.
pub(super) struct Checkout {
    pub(super) path: PathBuf,
    gitdir: PathBuf,
    scratch: Scratch,
    lock: Option<PathBuf>,
}

/// Mode and object of a file in an index, and whether its checkout leaves it out on purpose.
type Listed = (String, String, bool);

/// Whether a checkout can follow.
pub(super) enum Verdict {
    Fits(Checkout),
    Busy { path: PathBuf, files: Vec<PathBuf>, why: String },
}

impl Checkout {
    /// A crash left our lock for this very move, or for its way back.
    pub(super) fn was_begun(place: &Worktree, what: &Publish) -> bool {
        let said = files::read_short(&place.gitdir.join("index.lock"));
        said.is_some_and(|said| said == mark(what).as_bytes())
    }

    /// Removes the lock of a move that cannot be ended any more.
    pub(super) fn give_up(place: &Worktree, what: &Publish) {
        if Self::was_begun(place, what) {
            let _ = fs::remove_file(place.gitdir.join("index.lock"));
        }
    }

    fn index(&self) -> PathBuf {
        self.scratch.file("index")
    }

    /// Ends the work on it.
    pub(super) fn close(mut self) -> PathBuf {
        self.unlock();
        self.path.clone()
    }

    fn unlock(&mut self) {
        if let Some(lock) = self.lock.take() {
            let _ = fs::remove_file(lock);
        }
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        self.unlock();
    }
}

fn mark(what: &Publish) -> String {
    format!("gaia moves {} from {} to {}", what.target, what.old, what.new)
}

impl SystemGit {
    /// Locks a checkout and sees whether the change would overwrite something of a person.
    pub(super) async fn open(
        &self,
        repo: &Repo,
        what: &Publish,
        place: &Worktree,
        entries: &[Entry],
    ) -> Result<Verdict, GitError> {
        let busy = |files: Vec<PathBuf>, why: &str| {
            Ok(Verdict::Busy { path: place.path.clone(), files, why: why.to_owned() })
        };
        if let Some(midst) = MIDST.iter().find(|name| place.gitdir.join(name).exists()) {
            return busy(vec![], &format!("something is under way there ({midst})"));
        }
        let begun = Checkout::was_begun(place, what);
        let Some(lock) = lock(place, what)? else {
            return busy(vec![], "another git works there (index.lock)");
        };
        let scratch = Scratch::new(&self.options.private);
        let (path, gitdir) = (place.path.clone(), place.gitdir.clone());
        let checkout = Checkout { path, gitdir, scratch: scratch?, lock: Some(lock) };
        let (index, theirs) = (checkout.index(), place.gitdir.join("index"));
        files::copy_index(&theirs, &index).map_err(io(&theirs))?;
        let before = self.listed(repo, &checkout, entries).await?;
        let seen: Vec<PathBuf> = entries
            .iter()
            .filter(|e| e.old.0 != MODULE && e.new.0 != MODULE && can_be_read(&place.path, &e.path))
            // Git takes a file away before it writes the new one, and may have been stopped there.
            .filter(|e| !begun || place.path.join(&e.path).symlink_metadata().is_ok())
            .filter(|e| before.get(&e.path).is_none_or(|(_, _, away)| !away))
            .map(|e| e.path.clone())
            .collect();
        let words = ["update-index", "--add", "--remove", "-z", "--stdin"];
        let over = self.over(repo, &checkout.path, &index).patient();
        over.args(words).input(list(&seen)).ok().await?;
        let there = self.listed(repo, &checkout, entries).await?;
        let lost: Vec<PathBuf> = entries
            .iter()
            .filter(|e| is_lost(&place.path, e, before.get(&e.path), there.get(&e.path)))
            .map(|e| e.path.clone())
            .collect();
        if !lost.is_empty() {
            return busy(lost, "changes there that are not committed would be lost");
        }
        Ok(Verdict::Fits(checkout))
    }

    /// The entries of the private index for the files of a change.
    async fn listed(
        &self,
        repo: &Repo,
        checkout: &Checkout,
        entries: &[Entry],
    ) -> Result<HashMap<PathBuf, Listed>, GitError> {
        let over = self.over(repo, &checkout.path, &checkout.index()).patient();
        let out = over.args(["ls-files", "-z", "-t", "--stage"]).ok().await?;
        let wanted: std::collections::HashSet<&Path> =
            entries.iter().map(|e| e.path.as_path()).collect();
        let read = |line: &[u8]| {
            let tab = line.iter().position(|b| *b == b'\t')?;
            let name = path(&line[tab + 1..]);
            let about = String::from_utf8_lossy(&line[..tab]).into_owned();
            let mut fields = about.split(' ').map(str::to_owned);
            wanted.contains(name.as_path()).then_some(())?;
            let away = fields.next()? == "S";
            Some((name, (fields.next()?, fields.next()?, away)))
        };
        Ok(parts(&out).filter_map(read).collect())
    }

    /// Brings the files from one commit to another, then the index.
    pub(super) async fn bring(
        &self,
        repo: &Repo,
        checkout: &Checkout,
        from: &Sha,
        to: &Sha,
    ) -> Result<(), GitError> {
        let index = checkout.index();
        let words = ["read-tree", "-m", "-u", from.as_str(), to.as_str()];
        self.over(repo, &checkout.path, &index).patient().args(words).ok().await?;
        let theirs = checkout.gitdir.join("index");
        files::replace_index(&index, &theirs).map_err(io(&theirs))
    }
}

/// Our lock on the index of a checkout; none if somebody else has it.
fn lock(place: &Worktree, what: &Publish) -> Result<Option<PathBuf>, GitError> {
    let path = place.gitdir.join("index.lock");
    if Checkout::was_begun(place, what) {
        return Ok(Some(path));
    }
    // Written aside and linked: the lock is never there without the mark.
    let mut fresh = path.clone().into_os_string();
    fresh.push(format!(".gaia.{}", std::process::id()));
    let fresh = PathBuf::from(fresh);
    let _ = fs::remove_file(&fresh);
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&fresh).map_err(io(&fresh))?;
    let linked = file
        .write_all(mark(what).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&fresh, &path));
    let _ = fs::remove_file(&fresh);
    match linked {
        Ok(()) => Ok(Some(path)),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(None),
        Err(e) => Err(io(&path)(e)),
    }
}

/// Neither a folder, nor reached through a symlink.
fn can_be_read(top: &Path, file: &Path) -> bool {
    let linked = |above: &Path| {
        above.as_os_str() != ""
            && top.join(above).symlink_metadata().is_ok_and(|m| m.file_type().is_symlink())
    };
    if file.ancestors().skip(1).any(linked) {
        return false;
    }
    top.join(file).symlink_metadata().map_or(true, |m| !m.is_dir())
}

/// What is there is neither the old content nor the new one.
fn is_lost(top: &Path, entry: &Entry, before: Option<&Listed>, there: Option<&Listed>) -> bool {
    if entry.old.0 == MODULE || entry.new.0 == MODULE {
        return false;
    }
    let same = |side: &(String, String), there: Option<&Listed>| match there {
        None => side.0 == NONE,
        Some((mode, sha, _)) => *mode == side.0 && *sha == side.1,
    };
    if !can_be_read(top, &entry.path) {
        // A folder in the way of a file, or a link in the way of a folder.
        let folder = top.join(&entry.path).is_dir();
        return !(folder && entry.old.0 == NONE && same(&entry.old, there));
    }
    let staged_is_known = same(&entry.old, before) || same(&entry.new, before);
    !(same(&entry.new, there) || (same(&entry.old, there) && staged_is_known))
}
