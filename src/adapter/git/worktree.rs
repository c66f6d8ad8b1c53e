//! Making and removing worktrees.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{SystemGit, files, guard, repo::admin_folders, run::other};
use crate::port::{GitError, NewWork, Repo, Sha, Work, Worktree};

/// What stands where a worktree is wanted.
enum Ground {
    Free,
    Ready(PathBuf),
}

impl SystemGit {
    pub(super) async fn make_worktree(&self, repo: &Repo, new: &NewWork) -> Result<Work, GitError> {
        self.check_branch_name(repo, &new.branch).await?;
        let path = settled(&new.path)?;
        let new = &NewWork { path: path.clone(), ..new.clone() };
        if self.commit_of(repo, new.base.as_str()).await?.is_none() {
            return Err(GitError::UnknownCommit(new.base.to_string()));
        }
        let (tip, all) = tokio::try_join!(self.tip(repo, &new.branch), self.find_worktrees(repo))?;
        sweep(repo, &reason(&new.reason, &path));
        let here = all.iter().find(|w| w.path == path);
        let ready = match self.ground(repo, new, here, tip.as_ref()).await? {
            Ground::Ready(gitdir) => Some(gitdir),
            Ground::Free => {
                let at = all.iter().find(|w| w.branch.as_ref() == Some(&new.branch));
                let at = at.filter(|w| w.path != path).map(|w| w.path.clone());
                if at.is_some() || tip.as_ref().is_some_and(|tip| *tip != new.base) {
                    return Err(GitError::BranchExists { branch: new.branch.clone(), at });
                }
                self.check_out(repo, new, tip.is_some()).await?;
                None
            }
        };
        let gitdir = ready.or_else(|| gitdir_of(repo, &path));
        let gitdir = gitdir.ok_or_else(|| other("worktree", "made a worktree and lost it"))?;
        let seed = files::index_of(&self.options.private, &gitdir);
        if !seed.is_file() {
            // No agent was here yet, so the worktree is still what git made of it.
            if new.submodules {
                self.fetch_submodules(&path).await?;
            }
            self.seed(&gitdir)?;
        }
        let (branch, base) = (Some(new.branch.clone()), new.base.clone());
        Ok(Work { path, gitdir, branch, base, exclude: new.exclude.clone() })
    }

    async fn check_branch_name(&self, repo: &Repo, name: &str) -> Result<(), GitError> {
        let bad = || GitError::BadName(name.to_owned());
        if name.starts_with('-') || name == "HEAD" || name.contains('\0') {
            return Err(bad());
        }
        let full = format!("refs/heads/{name}");
        let said = self.within(repo).args(["check-ref-format", &full]).run().await?;
        if said.code == 0 { Ok(()) } else { Err(bad()) }
    }

    async fn ground(
        &self,
        repo: &Repo,
        new: &NewWork,
        here: Option<&Worktree>,
        tip: Option<&Sha>,
    ) -> Result<Ground, GitError> {
        let path = new.path.as_path();
        let taken = || GitError::PathExists(path.to_owned());
        let Some(here) = here else {
            return if files::is_free(path) { Ok(Ground::Free) } else { Err(taken()) };
        };
        if here.gitdir.as_os_str().is_empty() {
            return Err(taken());
        }
        let ours = here.branch.as_ref() == Some(&new.branch);
        let at_base = tip.is_none_or(|tip| *tip == new.base);
        let begun = here.locked.as_deref() == Some(&reason(&new.reason, path));
        if path.is_dir() && finished(&here.gitdir) {
            let same = ours && self.is_ancestor(repo, &new.base, tip).await?;
            return if same { Ok(Ground::Ready(here.gitdir.clone())) } else { Err(taken()) };
        }
        // Git was stopped on its way, or the folder is gone; there is no work in it.
        let empty = !path.exists() && ours;
        if at_base && (begun || empty) {
            self.forget(repo, path, &here.gitdir)?;
            return Ok(Ground::Free);
        }
        Err(taken())
    }

    pub(super) async fn is_ancestor(
        &self,
        repo: &Repo,
        base: &Sha,
        tip: Option<&Sha>,
    ) -> Result<bool, GitError> {
        let Some(tip) = tip else { return Ok(false) };
        let words = ["merge-base", "--is-ancestor", base.as_str(), tip.as_str()];
        Ok(self.within(repo).args(words).run().await?.code == 0)
    }

    async fn check_out(
        &self,
        repo: &Repo,
        new: &NewWork,
        branch_is_there: bool,
    ) -> Result<(), GitError> {
        let path = new.path.as_path();
        let call = self.within(repo).args(["worktree", "add", "--quiet", "--lock", "--reason"]);
        let call = call.arg(reason(&new.reason, path)).patient();
        let call = match branch_is_there {
            true => call.arg("--").arg(path).arg(&new.branch),
            false => {
                let call = call.args(["--no-track", "-b", &new.branch, "--"]);
                call.arg(path).arg(new.base.as_str())
            }
        };
        call.ok().await.map(drop)
    }

    async fn fetch_submodules(&self, path: &Path) -> Result<(), GitError> {
        let words = ["submodule", "--quiet", "update", "--init", "--recursive"];
        self.from(path).args(words).patient().ok().await.map(drop)
    }

    /// Keeps the index that git made as the first private one: its times spare reading every file.
    fn seed(&self, gitdir: &Path) -> Result<(), GitError> {
        let seed = files::index_of(&self.options.private, gitdir);
        files::private_dir(&self.options.private).map_err(super::run::io(&seed))?;
        files::replace_index(&gitdir.join("index"), &seed).map_err(super::run::io(&seed))
    }

    pub(super) async fn make_candidate(
        &self,
        repo: &Repo,
        sha: &Sha,
        path: &Path,
    ) -> Result<Work, GitError> {
        let path = settled(path)?;
        if self.commit_of(repo, sha.as_str()).await?.is_none() {
            return Err(GitError::UnknownCommit(sha.to_string()));
        }
        let reason = reason("a candidate of gaia", &path);
        sweep(repo, &reason);
        let all = self.find_worktrees(repo).await?;
        let here = all.iter().find(|w| w.path == path);
        let ready = here.filter(|w| path.is_dir() && finished(&w.gitdir));
        let ours = here.is_some_and(|w| w.locked.as_deref() == Some(&reason));
        if ready.is_some_and(|w| w.branch.is_some() || w.head.as_ref() != Some(sha))
            || (!ours && !files::is_free(&path))
        {
            return Err(GitError::PathExists(path));
        }
        if ready.is_none() {
            if let Some(begun) = here {
                self.forget(repo, &path, &begun.gitdir)?;
            }
            let call = self.within(repo).args(["worktree", "add", "--quiet", "--lock", "--reason"]);
            let call = call.arg(&reason).args(["--detach", "--"]).arg(&path).arg(sha.as_str());
            call.patient().ok().await?;
        }
        let gitdir = gitdir_of(repo, &path);
        let gitdir = gitdir.ok_or_else(|| other("worktree", "made a worktree and lost it"))?;
        if !files::index_of(&self.options.private, &gitdir).is_file() {
            self.seed(&gitdir)?;
        }
        Ok(Work { path, gitdir, branch: None, base: sha.clone(), exclude: vec![] })
    }

    pub(super) async fn unmake_worktree(
        &self,
        repo: &Repo,
        work: &Work,
        force: bool,
    ) -> Result<(), GitError> {
        guard::is_ours(repo, work)?;
        if !force && work.path.is_dir() {
            let held = self.held(repo, work).await?;
            if !held.is_empty() {
                return Err(GitError::Unsaved { path: work.path.clone(), files: held });
            }
        }
        self.forget(repo, &work.path, &work.gitdir)
    }

    /// Git would look into the worktree before it removes it, with what it finds there as its
    /// configuration; so this does the same two steps without git.
    fn forget(&self, repo: &Repo, path: &Path, gitdir: &Path) -> Result<(), GitError> {
        files::remove_tree(path)?;
        files::remove_tree(gitdir)?;
        let _ = fs::remove_file(files::index_of(&self.options.private, gitdir));
        let _ = fs::remove_dir(repo.common.join("worktrees"));
        Ok(())
    }

    pub(super) async fn unmake_branch(
        &self,
        repo: &Repo,
        name: &str,
        at: &Sha,
    ) -> Result<(), GitError> {
        self.check_branch_name(repo, name).await?;
        let (tip, all) = tokio::try_join!(self.tip(repo, name), self.find_worktrees(repo))?;
        match tip {
            None => {
                guard::clear(repo, name);
                return Ok(());
            }
            Some(tip) if tip != *at => return Err(GitError::Moved(name.to_owned())),
            Some(_) => {}
        }
        if let Some(used) = all.iter().find(|w| w.branch.as_deref() == Some(name)) {
            let at = Some(used.path.clone());
            return Err(GitError::BranchExists { branch: name.to_owned(), at });
        }
        guard::clean_log(repo, name);
        let words = ["update-ref", "--no-deref", "-d"];
        let call = self.within(repo).args(words).arg(format!("refs/heads/{name}"));
        call.arg(at.as_str()).ok().await?;
        guard::clear(repo, name);
        Ok(())
    }
}

/// The lock of a worktree names its folder, so that no other one can be taken for it.
fn reason(reason: &str, path: &Path) -> String {
    format!("{reason} ({})", path.display()).replace(['\n', '\r'], " ")
}

/// Absolute, and with the folder above it as git will name it.
fn settled(path: &Path) -> Result<PathBuf, GitError> {
    let bad = || GitError::BadName(path.display().to_string());
    let (above, name) = path.parent().zip(path.file_name()).ok_or_else(bad)?;
    if !path.is_absolute() {
        return Err(bad());
    }
    fs::create_dir_all(above).map_err(super::run::io(above))?;
    Ok(above.canonicalize().map_err(super::run::io(above))?.join(name))
}

fn gitdir_of(repo: &Repo, path: &Path) -> Option<PathBuf> {
    admin_folders(repo).into_iter().find(|(top, _)| top == path).map(|(_, gitdir)| gitdir)
}

/// Git writes the index of a new worktree last.
fn finished(gitdir: &Path) -> bool {
    gitdir.join("index").is_file()
}

/// Removes what a git that was stopped at its very first steps left for this worktree.
fn sweep(repo: &Repo, reason: &str) {
    for entry in fs::read_dir(repo.common.join("worktrees")).into_iter().flatten().flatten() {
        let (folder, text) = (entry.path(), entry.path().join("locked"));
        let ours = files::read_short(&text).is_some_and(|said| said == reason.as_bytes());
        if ours && !folder.join("gitdir").exists() {
            let _ = files::remove_tree(&folder);
        }
    }
}
