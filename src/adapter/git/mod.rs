//! git through its command line.
//!
//! Invariants: nothing that an agent can write decides what runs. Every command names the common
//! folder of git by `--git-dir`, so the `.git` file of a worktree and its own folder of git (with
//! its `commondir` and `config.worktree`) are never asked; the index is a private one, kept outside
//! of the repository; hooks are off; git never enters a nested repository or submodule, which would
//! bring its own configuration with it.

mod carry;
mod changes;
mod checkout;
mod commit;
mod conflict;
mod files;
mod guard;
mod land;
mod past;
mod publish;
mod repo;
mod run;
mod shot;
mod worktree;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;

use crate::port::{
    Branch, Carry, Change, Committed, Git, GitError, Land, Landing, NewWork, Publish, Published,
    Repo, Rescue, Rescued, Sha, Who, Work, WorkState, Worktree,
};

/// How to run git.
#[derive(Debug, Clone)]
pub struct GitOptions {
    /// A folder of gaia's own, out of the reach of agents, for private indexes.
    pub private: PathBuf,
    /// The program.
    pub program: PathBuf,
    /// All of the environment that git gets beside gaia's own settings.
    pub env: Vec<(OsString, OsString)>,
}

/// Variables of the person that git may see.
const ENV: &[&str] =
    &["PATH", "HOME", "XDG_CONFIG_HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK"];

impl GitOptions {
    /// The git in PATH with the person's own configuration.
    #[must_use]
    pub fn new(private: PathBuf) -> Self {
        let env = ENV.iter().filter_map(|n| Some((OsString::from(n), std::env::var_os(n)?)));
        Self { private, program: "git".into(), env: env.collect() }
    }
}

/// The git of this machine.
#[derive(Debug, Clone)]
pub struct SystemGit {
    options: GitOptions,
    /// Held while the list of worktrees changes or is read: a git that lists them fails on one that
    /// another git has made half.
    worktrees: Arc<tokio::sync::Mutex<()>>,
}

impl SystemGit {
    /// Nothing runs yet.
    #[must_use]
    pub fn new(options: GitOptions) -> Self {
        Self { options, worktrees: Arc::default() }
    }
}

#[async_trait]
impl Git for SystemGit {
    async fn repo(&self, dir: &Path) -> Result<Repo, GitError> {
        self.find_repo(dir).await
    }
    async fn who(&self, repo: &Repo) -> Result<Option<Who>, GitError> {
        self.find_who(repo).await
    }
    async fn resolve(&self, repo: &Repo, rev: &str) -> Result<Option<Sha>, GitError> {
        self.commit_of(repo, rev).await
    }
    async fn branches_like(&self, repo: &Repo, prefix: &str) -> Result<Vec<Branch>, GitError> {
        self.find_branches(repo, prefix).await
    }
    async fn worktrees(&self, repo: &Repo) -> Result<Vec<Worktree>, GitError> {
        let _held = self.worktrees.lock().await;
        self.find_worktrees(repo).await
    }
    async fn add_worktree(&self, repo: &Repo, new: &NewWork) -> Result<Work, GitError> {
        let _held = self.worktrees.lock().await;
        self.make_worktree(repo, new).await
    }
    async fn candidate(&self, repo: &Repo, sha: &Sha, path: &Path) -> Result<Work, GitError> {
        let _held = self.worktrees.lock().await;
        self.make_candidate(repo, sha, path).await
    }
    async fn remove_worktree(&self, repo: &Repo, work: &Work, force: bool) -> Result<(), GitError> {
        let _held = self.worktrees.lock().await;
        self.unmake_worktree(repo, work, force).await
    }
    async fn delete_branch(&self, repo: &Repo, name: &str, at: &Sha) -> Result<(), GitError> {
        self.unmake_branch(repo, name, at).await
    }
    async fn prune(&self, repo: &Repo) -> Result<(), GitError> {
        let _held = self.worktrees.lock().await;
        self.within(repo).args(["worktree", "prune"]).ok().await.map(drop)
    }
    async fn state(&self, repo: &Repo, work: &Work, target: &str) -> Result<WorkState, GitError> {
        self.state_of(repo, work, target).await
    }
    async fn changes(&self, repo: &Repo, work: &Work) -> Result<Vec<Change>, GitError> {
        self.changes_of(repo, work).await
    }
    async fn diff(
        &self,
        repo: &Repo,
        work: &Work,
        paths: &[PathBuf],
        context: u32,
    ) -> Result<String, GitError> {
        self.diff_of(repo, work, paths, context).await
    }
    async fn unlock(&self, work: &Work) -> Result<(), GitError> {
        match tokio::fs::remove_file(work.gitdir.join("index.lock")).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(GitError::Other { command: "unlock".to_owned(), reason: error.to_string() })
            }
            _ => Ok(()),
        }
    }

    async fn commit_all(
        &self,
        repo: &Repo,
        work: &Work,
        message: &str,
        author: &Who,
    ) -> Result<Committed, GitError> {
        self.commit_work(repo, work, message, author).await
    }
    async fn rescue(&self, repo: &Repo, what: Rescue<'_>, id: &str) -> Result<Rescued, GitError> {
        self.keep(repo, what, id).await
    }
    async fn tag(&self, repo: &Repo, id: &str, sha: &Sha) -> Result<String, GitError> {
        self.keep_ref(repo, "rollback", id, sha).await
    }
    async fn land(&self, repo: &Repo, land: &Land) -> Result<Landing, GitError> {
        self.compute(repo, land).await
    }
    async fn publish(&self, repo: &Repo, what: &Publish) -> Result<Published, GitError> {
        let _held = self.worktrees.lock().await;
        self.move_target(repo, what).await
    }
    async fn guard_paths(&self, repo: &Repo, work: &Work) -> Result<Vec<PathBuf>, GitError> {
        guard::paths(repo, work)
    }
    async fn carry(
        &self,
        top: &Path,
        worktree: &Path,
        carry: &Carry,
    ) -> Result<Vec<PathBuf>, GitError> {
        carry::carry(top, worktree, carry)
    }
}
