use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use super::{GitError, Sha};

/// What scaffolding asks of git: the texts of a project's past, its index, and the templates of
/// others.
#[async_trait]
pub trait Past: Send + Sync {
    /// The checkout that a project lies in; none if git knows nothing of it.
    async fn checkout(&self, root: &Path) -> Result<Option<Checkout>, GitError>;
    /// Texts of the project's repository by their names, those that it has.
    async fn texts(
        &self,
        root: &Path,
        blobs: &[String],
    ) -> Result<BTreeMap<String, Vec<u8>>, GitError>;
    /// Says in the project's index that files are in conflict, so that people and editors see it.
    async fn unmerge(&self, root: &Path, files: &[Unmerged]) -> Result<(), GitError>;

    /// Brings all tags and branches of a repository of others into a bare one of ours.
    async fn fetch(&self, url: &str, into: &Path) -> Result<(), GitError>;
    /// Tags of a fetched repository, with their commits.
    async fn tags(&self, of: &Path) -> Result<Vec<(String, Sha)>, GitError>;
    /// The commit of a tag, a branch, or of (the beginning of) its name; none: its usual branch.
    async fn commit(&self, of: &Path, name: Option<&str>) -> Result<Option<Sha>, GitError>;
    /// Every file of a commit of a fetched repository. Too many, or too much, is refused.
    async fn files(&self, of: &Path, commit: &Sha) -> Result<Vec<PastFile>, GitError>;
}

/// What git knows of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Top of the checkout.
    pub top: PathBuf,
    /// Files of git below the project that are changed and not committed, seen from the project.
    pub changed: Vec<String>,
    /// Files that git holds, seen from the project, with the names of their contents.
    pub held: BTreeMap<String, String>,
    /// Files that git neither holds nor ignores.
    pub others: Vec<String>,
}

/// A file in conflict: up to three contents, each as a file to read it from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmerged {
    /// Path, seen from the project.
    pub path: String,
    /// As it was generated.
    pub base: Option<PathBuf>,
    /// As the person has it.
    pub ours: Option<PathBuf>,
    /// As the template has it.
    pub theirs: Option<PathBuf>,
    /// It is a program.
    pub exec: bool,
}

/// A file of a repository of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastFile {
    /// Its path.
    pub path: String,
    /// What it is, in git's numbers, e.g. `100644`.
    pub mode: String,
    /// Its text, or where it leads.
    pub bytes: Vec<u8>,
}
