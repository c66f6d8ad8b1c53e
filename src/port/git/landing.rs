use std::path::PathBuf;

use super::{Sha, Who};

/// How work comes into its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// As one commit.
    Squash,
    /// By a merge commit.
    Merge,
    /// Commit by commit on top of the target.
    Rebase,
}

/// Work to land.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Land {
    /// The name of the work's branch, for people who read the hunks of a conflict.
    pub branch: String,
    /// The commit to land.
    pub sha: Sha,
    /// The branch to land on.
    pub target: String,
    /// Where the target has to be; none: wherever it is.
    pub expect: Option<Sha>,
    /// How.
    pub how: How,
    /// The message of the squash or merge commit.
    pub message: String,
    /// Who lands; the author of the squash commit, too.
    pub author: Who,
}

/// What landing comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// It fits; publish `new` over `old`.
    Landed {
        /// Where the target is.
        old: Sha,
        /// Where it would be.
        new: Sha,
    },
    /// The target has it all already.
    Nothing {
        /// Where the target is.
        old: Sha,
    },
    /// It does not fit.
    Conflict {
        /// The files in question.
        files: Vec<ConflictFile>,
    },
    /// The target is not where it was expected.
    Stale {
        /// Where it is.
        now: Sha,
    },
}

/// A file on which both sides disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictFile {
    /// Its name, from the top.
    pub path: PathBuf,
    /// The hunks with both sides, or in words why there are none.
    pub hunks: String,
}

/// A branch to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The branch.
    pub target: String,
    /// Where it has to be.
    pub old: Sha,
    /// Where it shall be.
    pub new: Sha,
    /// Why, for the reflog.
    pub reason: String,
    /// Folders of git of worktrees that agents use; their files are left alone.
    pub agents: Vec<PathBuf>,
}

impl Publish {
    /// The way back.
    #[must_use]
    pub fn back(&self, reason: impl Into<String>) -> Self {
        Self {
            target: self.target.clone(),
            old: self.new.clone(),
            new: self.old.clone(),
            reason: reason.into(),
            agents: self.agents.clone(),
        }
    }
}

/// What became of moving a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The branch is at `new`, and so are its checkouts.
    Done {
        /// The checkouts that were brought along.
        updated: Vec<PathBuf>,
    },
    /// The branch is not where it was expected; nothing was done.
    Stale {
        /// Where it is; none if it is gone.
        now: Option<Sha>,
    },
    /// Somebody works on the same files in a checkout of it; nothing was done.
    Busy {
        /// The checkout.
        path: PathBuf,
        /// What would be overwritten; empty if it is not about files.
        files: Vec<PathBuf>,
        /// In words.
        why: String,
    },
}
