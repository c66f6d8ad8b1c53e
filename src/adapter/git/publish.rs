//! Moving a branch together with its checkouts.
//!
//! Order: lock the index of every checkout, see that nothing of a person would be lost, hold the
//! ref, bring the files, move the ref, unlock. A crash leaves locks that name what was under way;
//! the same call again takes them over and ends what was begun.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};

use super::{
    SystemGit,
    checkout::{Checkout, Verdict},
    repo::points_back,
    run::{LIMIT, other},
};
use crate::port::{GitError, Publish, Published, Repo, Worktree};

impl SystemGit {
    pub(super) async fn move_target(
        &self,
        repo: &Repo,
        what: &Publish,
    ) -> Result<Published, GitError> {
        for sha in [&what.old, &what.new] {
            if self.commit_of(repo, sha.as_str()).await?.is_none() {
                return Err(GitError::UnknownCommit(sha.to_string()));
            }
        }
        let now = self.tip(repo, &what.target).await?;
        let moved = now.as_ref() == Some(&what.new);
        if !moved && now.as_ref() != Some(&what.old) {
            for place in self.checkouts(repo, what).await? {
                Checkout::give_up(&place, what);
            }
            return Ok(Published::Stale { now });
        }
        let entries = self.entries(repo, &what.old, &what.new).await?;
        let mut open = vec![];
        for place in self.checkouts(repo, what).await? {
            let mine = Checkout::was_begun(&place, what);
            if moved && !mine {
                continue;
            }
            match self.open(repo, what, &place, &entries).await? {
                Verdict::Fits(checkout) => open.push(checkout),
                Verdict::Busy { path, files, why } => {
                    return Ok(Published::Busy { path, files, why });
                }
            }
        }
        let held = if moved { None } else { Some(self.hold(repo, what).await?) };
        let held = match held {
            None => None,
            Some(Some(held)) => Some(held),
            Some(None) => {
                drop(open);
                let now = self.tip(repo, &what.target).await?;
                if now.as_ref() == Some(&what.old) {
                    return Err(GitError::Locked(format!("the branch {} is held", what.target)));
                }
                return Ok(Published::Stale { now });
            }
        };
        let brought = self.bring_all(repo, what, &open).await;
        match (held, matches!(brought, Ok(None))) {
            (Some(held), true) => held.commit().await?,
            (Some(held), false) => held.release().await,
            (None, _) => {}
        }
        if let Some(busy) = brought? {
            return Ok(busy);
        }
        Ok(Published::Done { updated: open.into_iter().map(Checkout::close).collect() })
    }

    /// Every checkout of the branch that people use.
    async fn checkouts(&self, repo: &Repo, what: &Publish) -> Result<Vec<Worktree>, GitError> {
        let mut all = self.find_worktrees(repo).await?;
        if repo.bare && !all.is_empty() {
            all.remove(0);
        }
        let whole = |w: &Worktree| w.gitdir == repo.common || points_back(&w.path, &w.gitdir);
        let used = |w: &Worktree| {
            w.branch.as_ref() == Some(&what.target)
                && !what.agents.contains(&w.gitdir)
                && w.path.is_dir()
                && !w.gitdir.as_os_str().is_empty()
                && w.gitdir.join("index").is_file()
                && whole(w)
        };
        Ok(all.into_iter().filter(used).collect())
    }

    /// Brings the files of all checkouts, or of none.
    async fn bring_all(
        &self,
        repo: &Repo,
        what: &Publish,
        open: &[Checkout],
    ) -> Result<Option<Published>, GitError> {
        for at in 0..open.len() {
            if let Err(why) = self.bring(repo, &open[at], &what.old, &what.new).await {
                for done in &open[..at] {
                    self.bring(repo, done, &what.new, &what.old).await?;
                }
                let path = open[at].path.clone();
                return Ok(Some(Published::Busy { path, files: vec![], why: why.to_string() }));
            }
        }
        Ok(None)
    }

    /// Locks the ref at its old value; none if it is elsewhere.
    async fn hold(&self, repo: &Repo, what: &Publish) -> Result<Option<Held>, GitError> {
        let who = self.find_who(repo).await?;
        let mut call = self.within(repo);
        if who.is_none() {
            call = call.env("GIT_COMMITTER_NAME", "gaia").env("GIT_COMMITTER_EMAIL", "gaia");
        }
        let reason = what.reason.replace('\n', " ");
        let mut command = call
            .args(["update-ref", "--no-deref", "-m", &format!("gaia: {reason}"), "--stdin", "-z"])
            .into_command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // At the end of its input it gives the lock back; killed, it would leave it.
        command.kill_on_drop(false);
        let mut child = command.spawn().map_err(|e| other("update-ref", &e.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(other("update-ref", "has no pipes"));
        };
        let mut held = Held { child, input, output: BufReader::new(output).lines() };
        let Publish { target, old, new, .. } = what;
        let text = format!("start\0update refs/heads/{target}\0{new}\0{old}\0prepare\0");
        if held.say(&text, "prepare: ok").await? {
            return Ok(Some(held));
        }
        held.release().await;
        Ok(None)
    }
}

/// A git that holds the lock of a ref.
struct Held {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Held {
    /// Whether git answers so.
    async fn say(&mut self, text: &str, expected: &str) -> Result<bool, GitError> {
        let said = tokio::time::timeout(LIMIT, self.talk(text, expected)).await;
        said.unwrap_or_else(|_| Err(GitError::Late("update-ref".to_owned())))
    }

    async fn talk(&mut self, text: &str, expected: &str) -> Result<bool, GitError> {
        let fault = |e: std::io::Error| other("update-ref", &e.to_string());
        self.input.write_all(text.as_bytes()).await.map_err(fault)?;
        while let Some(line) = self.output.next_line().await.map_err(fault)? {
            if line == expected {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn release(mut self) {
        drop(self.input);
        let _ = self.child.wait().await;
    }

    async fn commit(mut self) -> Result<(), GitError> {
        let done = self.say("commit\0", "commit: ok").await?;
        self.release().await;
        if done { Ok(()) } else { Err(other("update-ref", "the branch could not be moved")) }
    }
}
