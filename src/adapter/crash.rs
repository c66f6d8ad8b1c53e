//! Crash points: in debug builds a test can let the daemon die, as by kill -9, before or after any
//! change that it makes to the world. Release builds do not have this.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use crate::{
    base::{
        Mark, UnitId,
        unit::{Spec, State},
        wire::Ask,
    },
    port::{
        Beneath, Branch, Capture, Carry, Change, Checkout, Committed, Entries, Entry, Found, Git,
        GitError, Held, Land, Landing, Listing, LogSpan, Made, NewPane, NewWork, Op, Past,
        PastFile, Place, Publish, Published, Repo, Rescue, Rescued, Seen, Server, Sha, StepEnd,
        StepError, StepFile, StepSpec, Steps, Store, StoreError, Tmux, TmuxError, UnitError,
        UnitEvent, Units, Unmerged, Work, WorkState, Worktree,
    },
};

/// Counts down to the crash.
#[derive(Debug, Clone)]
pub struct Fuse(Arc<AtomicU32>);

impl Fuse {
    /// Dies at the `at`th point, counted from 1.
    #[must_use]
    pub fn new(at: u32) -> Self {
        Self(Arc::new(AtomicU32::new(at)))
    }

    pub(super) fn point(&self) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            let _ = super::process::signal(std::process::id() as i32, libc::SIGKILL);
        }
    }

    fn around<T>(&self, act: impl FnOnce() -> T) -> T {
        self.point();
        let done = act();
        self.point();
        done
    }

    async fn around_async<T>(&self, act: impl Future<Output = T>) -> T {
        self.point();
        let done = act.await;
        self.point();
        done
    }
}

/// A port whose changes burn the fuse.
pub struct Crashing<T: ?Sized> {
    /// What does the work.
    pub inner: Arc<T>,
    /// When to die.
    pub fuse: Fuse,
}

impl Store for Crashing<dyn Store> {
    fn apply(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        self.fuse.around(|| self.inner.apply(ops))
    }
    fn flush(&self) -> Result<(), StoreError> {
        self.fuse.around(|| self.inner.flush())
    }
    fn witness(&self, seq: u64) -> Result<(), StoreError> {
        self.fuse.around(|| self.inner.witness(seq))
    }
    fn witnessed(&self) -> u64 {
        self.inner.witnessed()
    }
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(key)
    }
    fn range(&self, from: &[u8], to: &[u8], limit: usize) -> Result<Entries, StoreError> {
        self.inner.range(from, to, limit)
    }
    fn last(&self, prefix: &[u8], to: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.inner.last(prefix, to)
    }
}

impl Beneath for Crashing<dyn Beneath> {
    fn hold(&self, root: &Path) -> Result<Box<dyn Held>, String> {
        self.inner.hold(root)
    }
    fn look(&self, root: &Path, path: &str) -> Result<Option<Seen>, String> {
        self.inner.look(root, path)
    }
    fn walk(&self, root: &Path) -> Result<Vec<String>, String> {
        self.inner.walk(root)
    }
    fn put(&self, root: &Path, path: &str, what: &Seen, like: Option<&str>) -> Result<(), String> {
        self.fuse.around(|| self.inner.put(root, path, what, like))
    }
    fn shift(&self, root: &Path, from: &str, to: &str) -> Result<(), String> {
        self.fuse.around(|| self.inner.shift(root, from, to))
    }
    fn remove(&self, root: &Path, path: &str) -> Result<(), String> {
        self.fuse.around(|| self.inner.remove(root, path))
    }
    fn clear(&self, root: &Path, path: &str) -> Result<(), String> {
        self.fuse.around(|| self.inner.clear(root, path))
    }
    fn settle(&self, root: &Path) -> Result<(), String> {
        self.inner.settle(root)
    }
}

#[async_trait]
impl Past for Crashing<dyn Past> {
    async fn checkout(&self, root: &Path) -> Result<Option<Checkout>, GitError> {
        self.inner.checkout(root).await
    }
    async fn texts(
        &self,
        root: &Path,
        blobs: &[String],
    ) -> Result<std::collections::BTreeMap<String, Vec<u8>>, GitError> {
        self.inner.texts(root, blobs).await
    }
    async fn unmerge(&self, root: &Path, files: &[Unmerged]) -> Result<(), GitError> {
        self.fuse.around_async(self.inner.unmerge(root, files)).await
    }
    async fn fetch(&self, url: &str, into: &Path) -> Result<(), GitError> {
        self.fuse.around_async(self.inner.fetch(url, into)).await
    }
    async fn tags(&self, of: &Path) -> Result<Vec<(String, Sha)>, GitError> {
        self.inner.tags(of).await
    }
    async fn commit(&self, of: &Path, name: Option<&str>) -> Result<Option<Sha>, GitError> {
        self.inner.commit(of, name).await
    }
    async fn files(&self, of: &Path, commit: &Sha) -> Result<Vec<PastFile>, GitError> {
        self.inner.files(of, commit).await
    }
}

#[async_trait]
impl Tmux for Crashing<dyn Tmux> {
    async fn ensure(&self) -> Result<Server, TmuxError> {
        self.fuse.around_async(self.inner.ensure()).await
    }
    async fn list(&self) -> Result<Listing, TmuxError> {
        self.inner.list().await
    }
    async fn make(&self, place: Place, pane: NewPane) -> Result<Made, TmuxError> {
        self.fuse.around_async(self.inner.make(place, pane)).await
    }
    async fn arrange(&self, window: &str, layout: &str) -> Result<(), TmuxError> {
        self.fuse.around_async(self.inner.arrange(window, layout)).await
    }
    async fn rename(&self, target: &str, name: &str) -> Result<(), TmuxError> {
        self.fuse.around_async(self.inner.rename(target, name)).await
    }
    async fn title(&self, pane: &str, title: &str) -> Result<(), TmuxError> {
        self.fuse.around_async(self.inner.title(pane, title)).await
    }
    async fn tag(&self, target: &str, key: &str, value: &str) -> Result<(), TmuxError> {
        self.fuse.around_async(self.inner.tag(target, key, value)).await
    }
    async fn focus(&self, pane: &str) -> Result<(), TmuxError> {
        self.fuse.around_async(self.inner.focus(pane)).await
    }
    async fn kill(&self, target: &str) -> Result<(), TmuxError> {
        self.fuse.around_async(self.inner.kill(target)).await
    }
    async fn capture(&self, pane: &str, how: Capture) -> Result<Vec<u8>, TmuxError> {
        self.inner.capture(pane, how).await
    }
    async fn keys(&self, pane: &str, keys: &[String]) -> Result<(), TmuxError> {
        self.inner.keys(pane, keys).await
    }
    async fn paste(&self, pane: &str, text: &[u8]) -> Result<(), TmuxError> {
        self.inner.paste(pane, text).await
    }
    async fn kill_server(&self) -> Result<(), TmuxError> {
        self.inner.kill_server().await
    }
    fn attach_argv(&self, session: &str, read_only: bool) -> Vec<String> {
        self.inner.attach_argv(session, read_only)
    }
    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes()
    }
}

#[async_trait]
impl Units for Crashing<dyn Units> {
    async fn prepare(&self, spec: &Spec) -> Result<(), UnitError> {
        self.fuse.around_async(self.inner.prepare(spec)).await
    }
    async fn spec(&self, id: &UnitId) -> Result<Spec, UnitError> {
        self.inner.spec(id).await
    }
    fn argv(&self, id: &UnitId, view: bool) -> Vec<String> {
        self.inner.argv(id, view)
    }
    async fn all(&self) -> Result<Vec<UnitId>, UnitError> {
        self.inner.all().await
    }
    async fn found(&self, id: &UnitId) -> Result<Found, UnitError> {
        self.inner.found(id).await
    }
    async fn connect(&self, id: &UnitId) -> Result<State, UnitError> {
        self.inner.connect(id).await
    }
    async fn ask(&self, id: &UnitId, ask: Ask) -> Result<State, UnitError> {
        self.fuse.around_async(self.inner.ask(id, ask)).await
    }
    async fn input(&self, id: &UnitId, bytes: Vec<u8>, paste: bool) -> Result<u64, UnitError> {
        self.fuse.around_async(self.inner.input(id, bytes, paste)).await
    }
    async fn output(&self, id: &UnitId, from: u64, max: usize) -> Result<LogSpan, UnitError> {
        self.inner.output(id, from, max).await
    }
    async fn marks(&self, id: &UnitId, from: u64, max: usize) -> Result<Vec<Mark>, UnitError> {
        self.inner.marks(id, from, max).await
    }
    fn growth(&self, id: &UnitId) -> watch::Receiver<u64> {
        self.inner.growth(id)
    }
    async fn remove(&self, id: &UnitId) -> Result<(), UnitError> {
        self.inner.remove(id).await
    }
    fn events(&self) -> mpsc::UnboundedReceiver<UnitEvent> {
        self.inner.events()
    }
}

#[async_trait]
impl Steps for Crashing<dyn Steps> {
    /// Dies before it asks for the attempt, right after, or when that has ended.
    async fn run(&self, attempt: &StepSpec) -> Result<StepEnd, StepError> {
        self.fuse.point();
        let mut run = self.inner.run(attempt);
        let mut asked = false;
        let done = std::future::poll_fn(|context| {
            let done = run.as_mut().poll(context);
            if !std::mem::replace(&mut asked, true) {
                self.fuse.point();
            }
            done
        });
        let done = done.await;
        self.fuse.point();
        done
    }
    async fn stop(&self, folder: &Path, signal: i32, grace: Duration) -> Result<(), StepError> {
        self.fuse.around_async(self.inner.stop(folder, signal, grace)).await
    }
    async fn log(&self, folder: &Path, from: u64, max: usize) -> Result<LogSpan, StepError> {
        self.inner.log(folder, from, max).await
    }
    async fn file(
        &self,
        folder: &Path,
        which: StepFile,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, StepError> {
        self.inner.file(folder, which, limit).await
    }
    fn growth(&self, folder: &Path) -> watch::Receiver<u64> {
        self.inner.growth(folder)
    }
    async fn remove(&self, folder: &Path) -> Result<(), StepError> {
        self.fuse.around_async(self.inner.remove(folder)).await
    }
    fn boot(&self) -> String {
        self.inner.boot()
    }
}

#[async_trait]
impl Git for Crashing<dyn Git> {
    async fn repo(&self, dir: &Path) -> Result<Repo, GitError> {
        self.inner.repo(dir).await
    }
    async fn who(&self, repo: &Repo) -> Result<Option<crate::port::Who>, GitError> {
        self.inner.who(repo).await
    }
    async fn resolve(&self, repo: &Repo, rev: &str) -> Result<Option<Sha>, GitError> {
        self.inner.resolve(repo, rev).await
    }
    async fn branches_like(&self, repo: &Repo, prefix: &str) -> Result<Vec<Branch>, GitError> {
        self.inner.branches_like(repo, prefix).await
    }
    async fn worktrees(&self, repo: &Repo) -> Result<Vec<Worktree>, GitError> {
        self.inner.worktrees(repo).await
    }
    async fn add_worktree(&self, repo: &Repo, new: &NewWork) -> Result<Work, GitError> {
        self.fuse.around_async(self.inner.add_worktree(repo, new)).await
    }
    async fn candidate(&self, repo: &Repo, sha: &Sha, path: &Path) -> Result<Work, GitError> {
        self.fuse.around_async(self.inner.candidate(repo, sha, path)).await
    }
    async fn remove_worktree(&self, repo: &Repo, work: &Work, force: bool) -> Result<(), GitError> {
        self.fuse.around_async(self.inner.remove_worktree(repo, work, force)).await
    }
    async fn delete_branch(&self, repo: &Repo, name: &str, at: &Sha) -> Result<(), GitError> {
        self.fuse.around_async(self.inner.delete_branch(repo, name, at)).await
    }
    async fn prune(&self, repo: &Repo) -> Result<(), GitError> {
        self.fuse.around_async(self.inner.prune(repo)).await
    }
    async fn state(&self, repo: &Repo, work: &Work, target: &str) -> Result<WorkState, GitError> {
        self.inner.state(repo, work, target).await
    }
    async fn changes(&self, repo: &Repo, work: &Work) -> Result<Vec<Change>, GitError> {
        self.inner.changes(repo, work).await
    }
    async fn diff(
        &self,
        repo: &Repo,
        work: &Work,
        paths: &[PathBuf],
        context: u32,
    ) -> Result<String, GitError> {
        self.inner.diff(repo, work, paths, context).await
    }
    async fn commit_all(
        &self,
        repo: &Repo,
        work: &Work,
        message: &str,
        author: &crate::port::Who,
    ) -> Result<Committed, GitError> {
        self.fuse.around_async(self.inner.commit_all(repo, work, message, author)).await
    }
    async fn unlock(&self, work: &Work) -> Result<(), GitError> {
        self.fuse.around_async(self.inner.unlock(work)).await
    }
    async fn rescue(&self, repo: &Repo, what: Rescue<'_>, id: &str) -> Result<Rescued, GitError> {
        self.fuse.around_async(self.inner.rescue(repo, what, id)).await
    }
    async fn tag(&self, repo: &Repo, id: &str, sha: &Sha) -> Result<String, GitError> {
        self.fuse.around_async(self.inner.tag(repo, id, sha)).await
    }
    async fn land(&self, repo: &Repo, land: &Land) -> Result<Landing, GitError> {
        self.fuse.around_async(self.inner.land(repo, land)).await
    }
    async fn publish(&self, repo: &Repo, what: &Publish) -> Result<Published, GitError> {
        self.fuse.around_async(self.inner.publish(repo, what)).await
    }
    async fn guard_paths(&self, repo: &Repo, work: &Work) -> Result<Vec<PathBuf>, GitError> {
        self.fuse.around_async(self.inner.guard_paths(repo, work)).await
    }
    async fn carry(
        &self,
        top: &Path,
        worktree: &Path,
        carry: &Carry,
    ) -> Result<Vec<PathBuf>, GitError> {
        self.fuse.around_async(self.inner.carry(top, worktree, carry)).await
    }
}
