//! Which folders of git an agent may write, and what gaia looks at before it writes there itself.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::run::{io, other};
use crate::port::{GitError, Repo, Work};

/// Keeps the folder of a branch from being removed when git packs refs: a fence names the folder
/// itself, and a new one of the same name would be outside of it. Git passes over locks.
const KEEP: &str = "kept-by-gaia.lock";

pub(super) fn paths(repo: &Repo, work: &Work) -> Result<Vec<PathBuf>, GitError> {
    is_ours(repo, work)?;
    let branch = work.branch.as_deref().unwrap_or_default();
    if repo.common.join("reftable").exists() {
        return Err(other("guard", "this repository keeps all its refs in one place (reftable)"));
    }
    let Some(folder) = folder(branch) else {
        let why = format!("the branch {branch} has no folder of its own, as gaia/ID/{branch} has");
        return Err(other("guard", &why));
    };
    let (refs, logs) = (repo.common.join("refs/heads"), repo.common.join("logs/refs/heads"));
    let (refs, logs) = (refs.join(folder), logs.join(folder));
    for made in [&refs, &logs] {
        fs::create_dir_all(made).map_err(io(made))?;
    }
    let keep = refs.join(KEEP);
    if keep.symlink_metadata().is_err() {
        fs::File::create_new(&keep).map_err(io(&keep))?;
    }
    Ok(vec![repo.common.join("objects"), work.gitdir.clone(), refs, logs])
}

/// The folder that only this branch is in.
fn folder(branch: &str) -> Option<&str> {
    branch.rsplit_once('/').map(|(folder, _)| folder).filter(|folder| folder.contains('/'))
}

/// Removes the folder of a branch that is gone.
pub(super) fn clear(repo: &Repo, branch: &str) {
    let Some(folder) = folder(branch) else { return };
    let refs = repo.common.join("refs/heads").join(folder);
    let others = fs::read_dir(&refs).into_iter().flatten().flatten();
    if others.filter(|e| e.file_name() != KEEP).count() == 0 {
        let _ = fs::remove_file(refs.join(KEEP));
        let _ = fs::remove_dir(refs);
        let _ = fs::remove_dir(repo.common.join("logs/refs/heads").join(folder));
    }
}

/// Git appends to the log of a branch wherever that leads; one that an agent made into a link is
/// removed before gaia moves the branch.
pub(super) fn clean_log(repo: &Repo, branch: &str) {
    let log = repo.common.join("logs/refs/heads").join(branch);
    if let Ok(about) = log.symlink_metadata()
        && !about.is_dir()
        && (!about.is_file() || about.nlink() > 1)
    {
        let _ = fs::remove_file(log);
    }
}

/// What is to be worked on or removed must be a worktree of this repository and nothing above it.
pub(super) fn is_ours(repo: &Repo, work: &Work) -> Result<(), GitError> {
    let inside = work.gitdir.parent() == Some(&repo.common.join("worktrees"))
        && work.gitdir.file_name().is_some();
    let above = |kept: &Path| kept.starts_with(&work.path);
    if !inside || above(&repo.common) || repo.top.as_deref().is_some_and(above) {
        return Err(GitError::BadName(work.path.display().to_string()));
    }
    Ok(())
}
