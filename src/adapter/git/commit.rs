//! Keeping work: its state, commits, rescue.

use std::{fs::OpenOptions, path::PathBuf};

use super::{
    SystemGit, files, guard,
    run::{failed, io, parts, path},
    shot::Keep,
};
use crate::port::{Committed, GitError, Head, Repo, Rescue, Rescued, Sha, Who, Work, WorkState};

/// Who keeps what nobody committed.
const KEEPER: (&str, &str) = ("gaia", "gaia@localhost");

impl SystemGit {
    pub(super) async fn state_of(
        &self,
        repo: &Repo,
        work: &Work,
        target: &str,
    ) -> Result<WorkState, GitError> {
        guard::is_ours(repo, work)?;
        let on_branch = match (own_head(work), &work.branch) {
            (Some(Head::Branch(now)), Some(branch)) => now == *branch,
            (Some(Head::Detached(_)), None) => true,
            (_, _) => false,
        };
        let head = match self.head_of(repo, work).await {
            Err(GitError::UnknownBranch(_)) => None,
            head => Some(head?),
        };
        let mut state = WorkState { head: head.clone(), on_branch, ..WorkState::default() };
        let seen = head.clone().unwrap_or_else(|| work.base.clone());
        if work.path.is_dir() {
            let shot = self.shoot(repo, work, &seen, Keep::No).await?;
            let all = self.changed_since(repo, &shot, &seen).await?;
            state.changed = all.into_iter().filter(|p| !shot.untracked.contains(p)).collect();
            state.untracked = shot.untracked;
            state.nested = shot.nested;
        }
        if let Some(head) = head {
            state.commits_ahead = self.count(repo, &work.base, &head).await?;
            state.merged = self.has_all(repo, target, &head).await?;
            state.pushed = self.on_a_remote(repo, &head).await?;
        }
        Ok(state)
    }

    async fn count(&self, repo: &Repo, base: &Sha, head: &Sha) -> Result<u32, GitError> {
        let call = self.within(repo).args(["rev-list", "--count"]).arg(format!("{base}..{head}"));
        let out = call.patient().ok().await?;
        Ok(String::from_utf8_lossy(&out).trim().parse().unwrap_or(u32::MAX))
    }

    async fn has_all(&self, repo: &Repo, target: &str, head: &Sha) -> Result<bool, GitError> {
        let Some(target) = self.tip(repo, target).await? else { return Ok(false) };
        if self.is_ancestor(repo, head, Some(&target)).await? {
            return Ok(true);
        }
        // Squashed work is in no history; but merging it again would change nothing.
        match self.merge_trees(repo, &target, head).await? {
            Ok(tree) => Ok(tree == self.tree_of(repo, &target).await?),
            Err(_) => Ok(false),
        }
    }

    async fn on_a_remote(&self, repo: &Repo, head: &Sha) -> Result<bool, GitError> {
        let call = self.within(repo).args(["for-each-ref", "--count=1", "--contains"]);
        Ok(!call.arg(head.as_str()).arg("refs/remotes/").ok().await?.is_empty())
    }

    pub(super) async fn tree_of(&self, repo: &Repo, commit: &Sha) -> Result<Sha, GitError> {
        let call = self.within(repo).args(["rev-parse", "--verify", "--end-of-options"]);
        call.arg(format!("{commit}^{{tree}}")).sha().await
    }

    /// Makes a commit object and nothing else.
    pub(super) async fn make_commit(&self, repo: &Repo, draft: Draft<'_>) -> Result<Sha, GitError> {
        let Draft { tree, parents, message, author } = draft;
        let mut call = self.within(repo).by(author).arg("commit-tree");
        for parent in parents {
            call = call.args(["-p", parent.as_str()]);
        }
        let mut message = message.trim_end().to_owned();
        message.push('\n');
        call.args(["-F", "-", tree.as_str()]).input(message.into_bytes()).sha().await
    }

    pub(super) async fn commit_work(
        &self,
        repo: &Repo,
        work: &Work,
        message: &str,
        author: &Who,
    ) -> Result<Committed, GitError> {
        let branch = work.branch.as_deref().ok_or(GitError::UnknownBranch(String::new()))?;
        let head = self.head_of(repo, work).await?;
        let lock = IndexLock::take(work)?;
        let shot = self.shoot(repo, work, &head, Keep::Yes).await?;
        let (nested, left_out) = (shot.nested.clone(), shot.left_out.clone());
        let sha = if shot.tree == self.tree_of(repo, &head).await? {
            None
        } else {
            let draft = Draft { tree: &shot.tree, parents: &[&head], message, author };
            let sha = self.make_commit(repo, draft).await?;
            guard::clean_log(repo, branch);
            self.advance(repo, branch, (&head, &sha), author).await?;
            Some(sha)
        };
        if own_head(work) == Some(Head::Branch(branch.to_owned())) {
            let index = work.gitdir.join("index");
            files::replace_index(&shot.index(), &index).map_err(io(&index))?;
        }
        drop(lock);
        Ok(Committed { sha, nested, left_out })
    }

    /// Moves a branch that an agent may have made into a link to another one: the link itself.
    async fn advance(
        &self,
        repo: &Repo,
        branch: &str,
        (old, new): (&Sha, &Sha),
        who: &Who,
    ) -> Result<(), GitError> {
        let words = ["update-ref", "--no-deref", "-m", "gaia: commit"];
        let call = self.within(repo).by(who).args(words).arg(format!("refs/heads/{branch}"));
        let said = call.args([new.as_str(), old.as_str()]).run().await?;
        match said.code {
            0 => Ok(()),
            _ if said.err.contains("but expected") => Err(GitError::Moved(branch.to_owned())),
            _ => Err(failed("update-ref", &said)),
        }
    }

    pub(super) async fn keep(
        &self,
        repo: &Repo,
        what: Rescue<'_>,
        id: &str,
    ) -> Result<Rescued, GitError> {
        let (sha, (nested, left_out)) = match what {
            Rescue::Branch(branch) => {
                let tip = self.tip(repo, branch).await?;
                (tip.ok_or_else(|| GitError::UnknownBranch(branch.to_owned()))?, (vec![], vec![]))
            }
            Rescue::Work(work) => self.keep_work(repo, work, id).await?,
        };
        let refname = self.keep_ref(repo, "rescue", id, &sha).await?;
        Ok(Rescued { refname, sha, nested, left_out })
    }

    async fn keep_work(
        &self,
        repo: &Repo,
        work: &Work,
        id: &str,
    ) -> Result<(Sha, (Vec<PathBuf>, Vec<PathBuf>)), GitError> {
        let head = match self.head_of(repo, work).await {
            Err(GitError::UnknownBranch(_)) => work.base.clone(),
            head => head?,
        };
        let shot = self.shoot(repo, work, &head, Keep::Everything).await?;
        let mut parents = vec![&head];
        // Commits that are on no branch, or on one that the agent made up.
        let stray = match own_head(work) {
            Some(Head::Detached(sha)) => self.commit_of(repo, sha.as_str()).await?,
            Some(Head::Branch(name)) => self.tip(repo, &name).await.ok().flatten(),
            Some(Head::Unborn(_)) | None => None,
        };
        parents.extend(stray.iter().filter(|stray| **stray != head));
        if parents.len() == 1 && shot.tree == self.tree_of(repo, &head).await? {
            return Ok((head, (shot.nested, shot.left_out)));
        }
        let who = Who { name: KEEPER.0.to_owned(), email: KEEPER.1.to_owned() };
        let message = format!("Everything that was in {} ({id})", work.path.display());
        let (tree, parents) = (&shot.tree, parents.as_slice());
        let draft = Draft { tree, parents, message: &message, author: &who };
        let sha = self.make_commit(repo, draft).await?;
        Ok((sha, (shot.nested, shot.left_out)))
    }

    /// Keeps a commit under a ref of gaia's own; the same one again is no error.
    pub(super) async fn keep_ref(
        &self,
        repo: &Repo,
        kind: &str,
        id: &str,
        sha: &Sha,
    ) -> Result<String, GitError> {
        let refname = format!("refs/gaia/{kind}/{id}");
        let checked = self.within(repo).args(["check-ref-format", &refname]).run().await?;
        if checked.code != 0 {
            return Err(GitError::BadName(id.to_owned()));
        }
        match self.commit_of(repo, &refname).await? {
            Some(there) if there == *sha => Ok(refname),
            Some(_) => Err(GitError::BranchExists { branch: refname, at: None }),
            None => {
                let none = "0".repeat(sha.as_str().len());
                let call = self.within(repo).args(["update-ref", "--no-deref", &refname]);
                call.args([sha.as_str(), &none]).ok().await?;
                Ok(refname)
            }
        }
    }

    /// The raw entries between two trees: path, and mode and object on both sides.
    pub(super) async fn entries(
        &self,
        repo: &Repo,
        old: &Sha,
        new: &Sha,
    ) -> Result<Vec<Entry>, GitError> {
        let words = ["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"];
        let call = self.within(repo).patient().args(words).arg("--ignore-submodules=none");
        let out = call.args([old.as_str(), new.as_str()]).ok().await?;
        let mut words = parts(&out);
        let mut entries = vec![];
        while let (Some(about), Some(name)) = (words.next(), words.next()) {
            let about = String::from_utf8_lossy(about).into_owned();
            let fields: Vec<_> = about.trim_start_matches(':').split(' ').collect();
            if let [old_mode, new_mode, old_sha, new_sha, ..] = fields[..] {
                let old = (old_mode.to_owned(), old_sha.to_owned());
                let new = (new_mode.to_owned(), new_sha.to_owned());
                entries.push(Entry { path: path(name), old, new });
            }
        }
        Ok(entries)
    }
}

/// A commit to make.
pub(super) struct Draft<'a> {
    pub(super) tree: &'a Sha,
    pub(super) parents: &'a [&'a Sha],
    pub(super) message: &'a str,
    pub(super) author: &'a Who,
}

/// A file on two sides; the mode is `000000` where it is not.
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) old: (String, String),
    pub(super) new: (String, String),
}

/// What the worktree itself says that it is on.
fn own_head(work: &Work) -> Option<Head> {
    let said = String::from_utf8(files::read_short(&work.gitdir.join("HEAD"))?).ok()?;
    match said.strip_prefix("ref: refs/heads/") {
        Some(name) => Some(Head::Branch(name.trim().to_owned())),
        None => Sha::read(said.trim()).map(Head::Detached),
    }
}

/// Keeps every other git from changing the index of a worktree.
struct IndexLock(PathBuf);

impl IndexLock {
    fn take(work: &Work) -> Result<Self, GitError> {
        let path = work.gitdir.join("index.lock");
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => Ok(Self(path)),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(GitError::Locked(format!("{} exists", path.display())))
            }
            Err(e) => Err(io(&path)(e)),
        }
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
