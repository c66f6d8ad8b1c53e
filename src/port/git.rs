use std::path::{Path, PathBuf};

use async_trait::async_trait;
use thiserror::Error;

mod landing;
mod work;

pub use landing::{ConflictFile, How, Land, Landing, Publish, Published};
pub use work::{
    Branch, Carry, Change, ChangeKind, Committed, DiffStat, Head, NewWork, Repo, Rescue, Rescued,
    Sha, Who, Work, WorkState, Worktree,
};

/// Repositories of people and the worktrees that gaia makes in them.
///
/// Only [`Git::repo`] looks for a repository by itself, from a folder that the person trusts.
/// Everything else works with the folders that were recorded then: what an agent writes into its
/// worktree, its `.git` file included, never decides which repository, configuration or hook is
/// used. No hook runs at all, not even the person's own.
#[async_trait]
pub trait Git: Send + Sync {
    /// The repository that a trusted folder is in.
    async fn repo(&self, dir: &Path) -> Result<Repo, GitError>;
    /// Whom the configuration names as the author of commits.
    async fn who(&self, repo: &Repo) -> Result<Option<Who>, GitError>;
    /// The commit that a name stands for.
    async fn resolve(&self, repo: &Repo, rev: &str) -> Result<Option<Sha>, GitError>;
    /// The local branches whose names begin so, by name.
    async fn branches_like(&self, repo: &Repo, prefix: &str) -> Result<Vec<Branch>, GitError>;
    /// Every checkout of the repository, the main one first.
    async fn worktrees(&self, repo: &Repo) -> Result<Vec<Worktree>, GitError>;

    /// Makes a branch and its worktree. The very same one that exists already is handed back as it
    /// is; one that was begun and not finished is finished.
    async fn add_worktree(&self, repo: &Repo, new: &NewWork) -> Result<Work, GitError>;
    /// Checks a commit out on no branch, to run the checks of a landing in it. Can be repeated.
    async fn candidate(&self, repo: &Repo, sha: &Sha, path: &Path) -> Result<Work, GitError>;
    /// Removes a worktree. Without `force` one that holds changes, untracked files or a repository
    /// of its own is refused. One that is gone already is no error.
    async fn remove_worktree(&self, repo: &Repo, work: &Work, force: bool) -> Result<(), GitError>;
    /// Deletes a branch that is still at the expected commit; one that is gone is no error.
    async fn delete_branch(&self, repo: &Repo, name: &str, at: &Sha) -> Result<(), GitError>;
    /// Forgets worktrees whose folders are gone, those that are locked excepted.
    async fn prune(&self, repo: &Repo) -> Result<(), GitError>;

    /// What the worktree holds that would be lost with it, measured against a target branch.
    async fn state(&self, repo: &Repo, work: &Work, target: &str) -> Result<WorkState, GitError>;
    /// All that differs from the base: committed, uncommitted and untracked.
    async fn changes(&self, repo: &Repo, work: &Work) -> Result<Vec<Change>, GitError>;
    /// The same as unified text with so many lines of context, for some paths or (none) for all.
    async fn diff(
        &self,
        repo: &Repo,
        work: &Work,
        paths: &[PathBuf],
        context: u32,
    ) -> Result<String, GitError>;
    /// Takes away the lock that a git of a worktree left behind when it was killed. Only for one in
    /// which no git runs any more.
    async fn unlock(&self, work: &Work) -> Result<(), GitError>;
    /// Commits all work onto the worktree's branch, and leaves the worktree clean.
    async fn commit_all(
        &self,
        repo: &Repo,
        work: &Work,
        message: &str,
        author: &Who,
    ) -> Result<Committed, GitError>;
    /// Keeps all that a worktree or a branch holds under `refs/gaia/rescue/<id>`.
    async fn rescue(&self, repo: &Repo, what: Rescue<'_>, id: &str) -> Result<Rescued, GitError>;
    /// Keeps a commit under `refs/gaia/rollback/<id>`; the name of the ref comes back.
    async fn tag(&self, repo: &Repo, id: &str, sha: &Sha) -> Result<String, GitError>;

    /// Computes what the target would be with the work in it; no checkout and no ref is touched.
    async fn land(&self, repo: &Repo, land: &Land) -> Result<Landing, GitError>;
    /// Moves the target branch, and the files of every checkout of it, from `old` to `new`; nothing
    /// that a person has not committed is lost. Can be repeated, also after a crash. The way back
    /// is the same with `old` and `new` changed over: [`Publish::back`].
    async fn publish(&self, repo: &Repo, what: &Publish) -> Result<Published, GitError>;

    /// What an agent must be able to write to commit on its own branch and no other. Makes the
    /// folders.
    async fn guard_paths(&self, repo: &Repo, work: &Work) -> Result<Vec<PathBuf>, GitError>;
    /// Brings files that git does not hold, such as `.env`, into a worktree; says which.
    async fn carry(
        &self,
        top: &Path,
        worktree: &Path,
        carry: &Carry,
    ) -> Result<Vec<PathBuf>, GitError>;
}

/// Why git did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GitError {
    /// There is no git to run.
    #[error("git is not in PATH")]
    Missing,
    /// No repository here.
    #[error("{} is not in a git repository", .0.display())]
    NotARepo(PathBuf),
    /// A repository without a checkout, where one is needed.
    #[error("{} is a bare repository, without files to work on", .0.display())]
    Bare(PathBuf),
    /// A folder that is gone.
    #[error("{} is gone", .0.display())]
    Gone(PathBuf),
    /// The branch is there and not what was asked for.
    #[error("the branch {branch} exists already{}", at.as_ref().map(|p| format!(", checked out in {}", p.display())).unwrap_or_default())]
    BranchExists {
        /// Its name.
        branch: String,
        /// Where it is checked out.
        at: Option<PathBuf>,
    },
    /// The place of a new worktree is taken.
    #[error("{} exists already and is not empty", .0.display())]
    PathExists(PathBuf),
    /// No such commit.
    #[error("there is no commit {0}")]
    UnknownCommit(String),
    /// No such branch.
    #[error("there is no branch {0}")]
    UnknownBranch(String),
    /// A name that git does not take, or that could be taken for an option.
    #[error("{0:?} cannot be a name for git")]
    BadName(String),
    /// The worktree holds what would be lost.
    #[error("{} holds work that is nowhere else: {}", path.display(), some(files))]
    Unsaved {
        /// The worktree.
        path: PathBuf,
        /// What would be lost.
        files: Vec<PathBuf>,
    },
    /// The branch is not where it was expected.
    #[error("the branch {0} has moved meanwhile")]
    Moved(String),
    /// Somebody else works on the same files of git.
    #[error("another git works here: {0}")]
    Locked(String),
    /// The disk is full.
    #[error("no space is left on the disk: {0}")]
    NoSpace(String),
    /// It took too long.
    #[error("git {0} did not end in time")]
    Late(String),
    /// All else, in git's words.
    #[error("git {command}: {reason}")]
    Other {
        /// The git command.
        command: String,
        /// What it said.
        reason: String,
    },
}

/// The first few, and how many more.
fn some(files: &[PathBuf]) -> String {
    let shown: Vec<_> = files.iter().take(5).map(|f| f.display().to_string()).collect();
    match files.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
