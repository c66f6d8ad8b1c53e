use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The full name of an object, in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha(String);

impl Sha {
    /// 40 or 64 lowercase hex digits.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        (hex && matches!(text.len(), 40 | 64)).then(|| Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Sha {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::read(&text).ok_or_else(|| format!("{text:?} is not the name of a commit"))
    }
}

impl From<Sha> for String {
    fn from(sha: Sha) -> Self {
        sha.0
    }
}

/// What a checkout is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Head {
    /// A branch, by its short name.
    Branch(String),
    /// A commit and no branch.
    Detached(Sha),
    /// A branch without a commit.
    Unborn(String),
}

/// A repository, as seen from a trusted folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repo {
    /// Top of the checkout; none in a bare repository.
    pub top: Option<PathBuf>,
    /// The folder of git that all its worktrees share.
    pub common: PathBuf,
    /// It has no checkout.
    pub bare: bool,
    /// What the checkout is on.
    pub head: Head,
    /// Files that git holds are changed here and not committed.
    pub dirty: bool,
    /// Files are here that git neither holds nor ignores.
    pub untracked: bool,
    /// It has submodules.
    pub submodules: bool,
    /// This checkout is a worktree of another one.
    pub linked: bool,
}

/// A name and an address for a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// A branch of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Its short name.
    pub name: String,
    /// Its commit.
    pub sha: Sha,
}

/// A checkout that git knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    /// Top of its files.
    pub path: PathBuf,
    /// Its own folder of git.
    pub gitdir: PathBuf,
    /// Its commit; none before the first one.
    pub head: Option<Sha>,
    /// Its branch, by its short name.
    pub branch: Option<String>,
    /// Why it is locked.
    pub locked: Option<String>,
    /// Why git would forget it.
    pub prunable: Option<String>,
}

/// A worktree to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWork {
    /// Where.
    pub path: PathBuf,
    /// The new branch.
    pub branch: String,
    /// Where the branch begins.
    pub base: Sha,
    /// Why git must not forget it, for people who look.
    pub reason: String,
    /// Fetch the submodules too.
    pub submodules: bool,
    /// Patterns as in `.gitignore` of untracked files that are no work, such as carried ones.
    pub exclude: Vec<String>,
}

/// What gaia recorded of a worktree that it made. It is never read back from the worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Top of its files.
    pub path: PathBuf,
    /// Its own folder of git.
    pub gitdir: PathBuf,
    /// Its branch; none if it is a candidate.
    pub branch: Option<String>,
    /// Where its branch began.
    pub base: Sha,
    /// Untracked files that are no work.
    pub exclude: Vec<String>,
}

/// What a worktree holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkState {
    /// Files of git that are changed and not committed.
    pub changed: Vec<PathBuf>,
    /// Files that git neither holds nor ignores.
    pub untracked: Vec<PathBuf>,
    /// Repositories inside the worktree that are no submodules; git takes nothing from them.
    pub nested: Vec<PathBuf>,
    /// The commit of its branch; none when the branch is gone.
    pub head: Option<Sha>,
    /// The worktree is still on its branch.
    pub on_branch: bool,
    /// Commits since the base.
    pub commits_ahead: u32,
    /// The target has all that the branch has, by merge or by content.
    pub merged: bool,
    /// A remote has the commit, as far as known here.
    pub pushed: bool,
}

/// How a file differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content differs.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name, and maybe other content.
    Renamed,
    /// Only its mode differs.
    ModeChanged,
    /// It is, now, a symlink.
    Symlink {
        /// Where it points.
        target: PathBuf,
    },
    /// It is or was the commit of another repository.
    Submodule,
}

/// A file that differs from the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name, from the top.
    pub path: PathBuf,
    /// Its name before.
    pub old_path: Option<PathBuf>,
    /// How it differs.
    pub kind: ChangeKind,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
    /// Lines that it has now.
    pub lines_after: u32,
    /// It is no text, and so has no lines.
    pub binary: bool,
}

/// Changes in sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiffStat {
    /// Files.
    pub files: u32,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

impl DiffStat {
    /// The sum of some changes.
    #[must_use]
    pub fn of(changes: &[Change]) -> Self {
        changes.iter().fold(Self::default(), |sum, c| Self {
            files: sum.files + 1,
            added: sum.added.saturating_add(c.added),
            removed: sum.removed.saturating_add(c.removed),
        })
    }
}

/// What became of committing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The new commit; none if there was nothing to commit.
    pub sha: Option<Sha>,
    /// Repositories inside the worktree that were left out.
    pub nested: Vec<PathBuf>,
    /// Files that git takes under no circumstances, such as one in a folder named `.GIT`.
    pub left_out: Vec<PathBuf>,
}

/// What to rescue.
#[derive(Debug, Clone, Copy)]
pub enum Rescue<'a> {
    /// All of a worktree, its untracked files and the files of nested repositories included.
    Work(&'a Work),
    /// The commits of a branch.
    Branch(&'a str),
}

/// What was rescued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// The full name of the ref.
    pub refname: String,
    /// Its commit.
    pub sha: Sha,
    /// Nested repositories: their files are in the commit, their own history is not.
    pub nested: Vec<PathBuf>,
    /// Files that git takes under no circumstances; they are in no commit.
    pub left_out: Vec<PathBuf>,
}

/// Files to bring into a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carry {
    /// Patterns from the top, such as `.env` or `apps/*/.env`.
    pub patterns: Vec<String>,
    /// Link to the original instead of copying it.
    pub link: bool,
}
