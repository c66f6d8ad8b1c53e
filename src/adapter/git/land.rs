//! What a branch would be with work in it: merges of trees, without a checkout.

use super::{
    SystemGit,
    commit::Draft,
    conflict::{self, Clash},
    run::{failed, other},
};
use crate::port::{GitError, How, Land, Landing, Repo, Sha, Who};

/// A commit of a rebase.
struct Step {
    sha: Sha,
    parent: Sha,
    author: Who,
    date: String,
    message: String,
}

impl SystemGit {
    pub(super) async fn compute(&self, repo: &Repo, land: &Land) -> Result<Landing, GitError> {
        let old = self.tip(repo, &land.target).await?;
        let old = old.ok_or_else(|| GitError::UnknownBranch(land.target.clone()))?;
        if land.expect.as_ref().is_some_and(|expected| *expected != old) {
            return Ok(Landing::Stale { now: old });
        }
        if self.commit_of(repo, land.sha.as_str()).await?.is_none() {
            return Err(GitError::UnknownCommit(land.sha.to_string()));
        }
        if self.is_ancestor(repo, &land.sha, Some(&old)).await? {
            return Ok(Landing::Nothing { old });
        }
        let new = match land.how {
            How::Squash | How::Merge => self.in_one(repo, land, &old).await?,
            How::Rebase => self.one_by_one(repo, land, &old).await?,
        };
        match new {
            Ok(new) if new == old => Ok(Landing::Nothing { old }),
            Ok(new) => Ok(Landing::Landed { old, new }),
            Err(clash) => {
                let files = self.hunks(repo, &clash, &land.target, &land.branch).await?;
                Ok(Landing::Conflict { files })
            }
        }
    }

    async fn in_one(
        &self,
        repo: &Repo,
        land: &Land,
        old: &Sha,
    ) -> Result<Result<Sha, Clash>, GitError> {
        let tree = match self.merge_trees(repo, old, &land.sha).await? {
            Ok(tree) => tree,
            Err(clash) => return Ok(Err(clash)),
        };
        let both = [old, &land.sha];
        let parents = match land.how {
            How::Squash | How::Rebase if tree == self.tree_of(repo, old).await? => {
                return Ok(Ok(old.clone()));
            }
            How::Squash | How::Rebase => &both[..1],
            How::Merge => &both[..],
        };
        let (message, author) = (land.message.as_str(), &land.author);
        self.make_commit(repo, Draft { tree: &tree, parents, message, author }).await.map(Ok)
    }

    /// Replays the commits of the branch's own line, each as its difference to the one before: a
    /// merge of the target on the way brings nothing new and falls out.
    async fn one_by_one(
        &self,
        repo: &Repo,
        land: &Land,
        old: &Sha,
    ) -> Result<Result<Sha, Clash>, GitError> {
        if self.is_ancestor(repo, old, Some(&land.sha)).await? {
            return Ok(Ok(land.sha.clone()));
        }
        let mut tip = old.clone();
        let mut tree = self.tree_of(repo, &tip).await?;
        for step in self.steps(repo, old, &land.sha).await? {
            // The difference of a commit to its parent is a merge whose base is that parent; a
            // stand-in for the tip with that parent says so to every version of git.
            let (parents, author) = (&[&step.parent], &land.author);
            let draft = Draft { tree: &tree, parents, message: "-", author };
            let stand_in = self.make_commit(repo, draft).await?;
            let next = match self.merge_trees(repo, &stand_in, &step.sha).await? {
                Ok(next) => next,
                Err(clash) => return Ok(Err(clash)),
            };
            if next == tree {
                continue;
            }
            tip = self.replay(repo, &step, (&next, &tip), &land.author).await?;
            tree = next;
        }
        Ok(Ok(tip))
    }

    async fn replay(
        &self,
        repo: &Repo,
        step: &Step,
        (tree, parent): (&Sha, &Sha),
        committer: &Who,
    ) -> Result<Sha, GitError> {
        let call = self.within(repo).by(committer);
        let call = call.env("GIT_AUTHOR_NAME", &step.author.name);
        let call = call.env("GIT_AUTHOR_EMAIL", &step.author.email);
        let call = call.env("GIT_AUTHOR_DATE", &step.date);
        let call = call.args(["commit-tree", "-p", parent.as_str(), "-F", "-", tree.as_str()]);
        call.input(step.message.clone().into_bytes()).sha().await
    }

    async fn steps(&self, repo: &Repo, old: &Sha, new: &Sha) -> Result<Vec<Step>, GitError> {
        let words = ["log", "-z", "--reverse", "--first-parent", "--no-show-signature"];
        let call = self.within(repo).patient().args(words).arg("--no-mailmap");
        let call = call.arg("--format=%H%x01%P%x01%an%x01%ae%x01%ad%x01%B").arg("--date=raw");
        let out = call.arg(format!("{old}..{new}")).arg("--").ok().await?;
        let read = |part: &[u8]| {
            let text = String::from_utf8_lossy(part).into_owned();
            let mut fields = text.splitn(6, '\x01').map(str::to_owned);
            let sha = Sha::read(&fields.next()?)?;
            let parent = Sha::read(fields.next()?.split(' ').next()?)?;
            let author = Who { name: fields.next()?, email: fields.next()? };
            let (date, message) = (fields.next()?, fields.next()?);
            Some(Step { sha, parent, author, date, message })
        };
        let all: Option<Vec<_>> = super::run::parts(&out).map(read).collect();
        all.ok_or_else(|| other("log", "a commit without a parent cannot be put on another one"))
    }

    /// The tree of both sides together, or where they clash.
    pub(super) async fn merge_trees(
        &self,
        repo: &Repo,
        ours: &Sha,
        theirs: &Sha,
    ) -> Result<Result<Sha, Clash>, GitError> {
        // The attributes of the target say how its files are merged, where git can take them so.
        let call = self.within(repo).patient().env("GIT_ATTR_SOURCE", ours.as_str());
        let words = ["merge-tree", "--write-tree", "-z", "--name-only", "--messages"];
        let said = call.args(words).args([ours.as_str(), theirs.as_str()]).run().await?;
        match (said.code, conflict::read(&said.out)) {
            (0, Some(clash)) => Ok(Ok(clash.tree)),
            (1, Some(clash)) => Ok(Err(clash)),
            _ => Err(failed("merge-tree", &said)),
        }
    }
}
