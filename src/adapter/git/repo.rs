//! What is there.

use std::{
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    SystemGit, files,
    run::{failed, path},
};
use crate::port::{Branch, GitError, Head, Repo, Sha, Who, Worktree};

/// What `git status` says of a checkout.
#[derive(Default)]
struct Status {
    head: Option<Head>,
    dirty: bool,
    untracked: bool,
}

impl SystemGit {
    pub(super) async fn find_repo(&self, dir: &Path) -> Result<Repo, GitError> {
        if !dir.is_dir() {
            return Err(GitError::Gone(dir.to_owned()));
        }
        let said = self
            .from(dir)
            .args(["rev-parse", "--is-bare-repository", "--is-inside-work-tree"])
            .run()
            .await?;
        let not_there = said.err.contains("not a git repository");
        match (said.code, not_there) {
            (0, _) => {}
            (_, true) => return Err(GitError::NotARepo(dir.to_owned())),
            _ => return Err(failed("rev-parse", &said)),
        }
        let said = String::from_utf8_lossy(&said.out).into_owned();
        let mut flags = said.lines().map(|l| l == "true");
        let (bare, inside) = (flags.next() == Some(true), flags.next() == Some(true));
        if !inside && !bare {
            return Err(GitError::NotARepo(dir.to_owned()));
        }
        let (common, own) = tokio::try_join!(
            self.ask_path(dir, "--git-common-dir"),
            self.ask_path(dir, "--git-dir")
        )?;
        let top = if inside { Some(self.ask_path(dir, "--show-toplevel").await?) } else { None };
        let status = match &top {
            Some(top) => self.status(top).await?,
            None => Status { head: Some(self.bare_head(dir).await?), ..Status::default() },
        };
        let submodules = match &top {
            Some(top) => top.join(".gitmodules").is_file(),
            None => {
                let asked = ["rev-parse", "--quiet", "--verify", "HEAD:.gitmodules"];
                self.from(dir).args(asked).run().await?.code == 0
            }
        };
        let head = status.head.ok_or_else(|| GitError::NotARepo(dir.to_owned()))?;
        let (dirty, untracked) = (status.dirty, status.untracked);
        Ok(Repo { top, linked: common != own, common, bare, head, dirty, untracked, submodules })
    }

    async fn ask_path(&self, dir: &Path, what: &str) -> Result<PathBuf, GitError> {
        let asked = ["rev-parse", "--path-format=absolute", what];
        let said = self.from(dir).args(asked).ok().await?;
        Ok(path(said.strip_suffix(b"\n").unwrap_or(&said)))
    }

    async fn status(&self, top: &Path) -> Result<Status, GitError> {
        let words = [
            "status",
            "--porcelain=v2",
            "--branch",
            "-z",
            "--untracked-files=normal",
            "--ignore-submodules=all",
        ];
        let out = self.from(top).args(words).patient().ok().await?;
        let (mut status, mut oid) = (Status::default(), None);
        for part in super::run::parts(&out) {
            let text = String::from_utf8_lossy(part);
            if let Some(said) = text.strip_prefix("# branch.oid ") {
                oid = Sha::read(said);
            } else if let Some(name) = text.strip_prefix("# branch.head ") {
                status.head = Some(match &oid {
                    None => Head::Unborn(name.to_owned()),
                    Some(sha) if name == "(detached)" => Head::Detached(sha.clone()),
                    Some(_) => Head::Branch(name.to_owned()),
                });
            } else if text.starts_with("? ") {
                status.untracked = true;
            } else if ["1 ", "2 ", "u "].iter().any(|kind| text.starts_with(kind)) {
                status.dirty = true;
            }
        }
        Ok(status)
    }

    async fn bare_head(&self, dir: &Path) -> Result<Head, GitError> {
        let name =
            self.from(dir).args(["symbolic-ref", "--quiet", "--short", "HEAD"]).run().await?;
        let name = String::from_utf8_lossy(&name.out).trim().to_owned();
        let sha = self.from(dir).args(["rev-parse", "--quiet", "--verify", "HEAD"]).run().await?;
        let sha = Sha::read(String::from_utf8_lossy(&sha.out).trim());
        match (name.is_empty(), sha) {
            (false, Some(_)) => Ok(Head::Branch(name)),
            (false, None) => Ok(Head::Unborn(name)),
            (true, Some(sha)) => Ok(Head::Detached(sha)),
            (true, None) => Err(GitError::NotARepo(dir.to_owned())),
        }
    }

    pub(super) async fn find_who(&self, repo: &Repo) -> Result<Option<Who>, GitError> {
        let one = async |key: &str| {
            let said = self.within(repo).args(["config", "--get", key]).run().await?;
            let text = String::from_utf8_lossy(&said.out).trim().to_owned();
            Ok::<_, GitError>(Some(text).filter(|t| !t.is_empty()))
        };
        let (name, email) = (one("user.name").await?, one("user.email").await?);
        Ok(name.zip(email).map(|(name, email)| Who { name, email }))
    }

    pub(super) async fn commit_of(&self, repo: &Repo, rev: &str) -> Result<Option<Sha>, GitError> {
        if rev.starts_with('-') || rev.is_empty() || rev.contains(['\0', '\n']) {
            return Err(GitError::BadName(rev.to_owned()));
        }
        let said = self
            .within(repo)
            .args(["rev-parse", "--quiet", "--verify", "--end-of-options"])
            .arg(format!("{rev}^{{commit}}"))
            .run()
            .await?;
        Ok(Sha::read(String::from_utf8_lossy(&said.out).trim()))
    }

    /// Where a branch is, if there is such a branch.
    pub(super) async fn tip(&self, repo: &Repo, branch: &str) -> Result<Option<Sha>, GitError> {
        self.commit_of(repo, &format!("refs/heads/{branch}")).await
    }

    pub(super) async fn find_branches(
        &self,
        repo: &Repo,
        prefix: &str,
    ) -> Result<Vec<Branch>, GitError> {
        let out = self
            .within(repo)
            .args(["for-each-ref", "--format=%(objectname) %(refname:strip=2)", "refs/heads/"])
            .ok()
            .await?;
        let read = |line: &str| {
            let (sha, name) = line.split_once(' ')?;
            Some(Branch { name: name.to_owned(), sha: Sha::read(sha)? })
        };
        let all = String::from_utf8_lossy(&out);
        Ok(all.lines().filter_map(read).filter(|b| b.name.starts_with(prefix)).collect())
    }

    pub(super) async fn find_worktrees(&self, repo: &Repo) -> Result<Vec<Worktree>, GitError> {
        let out = self.within(repo).args(["worktree", "list", "--porcelain", "-z"]).ok().await?;
        let admin = admin_folders(repo);
        let mut found: Vec<Worktree> = vec![];
        for line in super::run::parts(&out) {
            let (key, value) = match line.iter().position(|b| *b == b' ') {
                Some(at) => (&line[..at], &line[at + 1..]),
                None => (line, &b""[..]),
            };
            if key == b"worktree" {
                let main = found.is_empty();
                found.push(begin(repo, path(value), main, &admin));
            } else if let Some(last) = found.last_mut() {
                note(last, key, &String::from_utf8_lossy(value));
            }
        }
        Ok(found)
    }
}

/// Git guesses the top of the main checkout; a repository that was found from it knows better.
fn begin(repo: &Repo, said: PathBuf, main: bool, admin: &[(PathBuf, PathBuf)]) -> Worktree {
    let mut claims: Vec<_> = admin.iter().filter(|(top, _)| *top == said).collect();
    claims.sort_by_key(|(top, gitdir)| !points_back(top, gitdir));
    let gitdir = claims.first().map(|(_, gitdir)| gitdir.clone());
    let (path, gitdir) = match (main, &repo.top) {
        (true, Some(top)) if !repo.linked => (top.clone(), repo.common.clone()),
        (true, _) => (said, repo.common.clone()),
        (false, _) => (said, gitdir.unwrap_or_default()),
    };
    Worktree { path, gitdir, head: None, branch: None, locked: None, prunable: None }
}

fn note(worktree: &mut Worktree, key: &[u8], value: &str) {
    match key {
        b"HEAD" => worktree.head = Sha::read(value).filter(|s| s.as_str().contains(|c| c != '0')),
        b"branch" => worktree.branch = value.strip_prefix("refs/heads/").map(str::to_owned),
        b"locked" => worktree.locked = Some(value.to_owned()),
        b"prunable" => worktree.prunable = Some(value.to_owned()),
        _ => {}
    }
}

/// The folder of git says where its files are, and an agent may write there; only files that name
/// the folder in turn belong to it.
pub(super) fn points_back(top: &Path, gitdir: &Path) -> bool {
    let said = files::read_short(&top.join(".git"));
    let named = said.and_then(|said| Some(top.join(path(said.strip_prefix(b"gitdir: ")?))));
    named.is_some_and(|named| named.canonicalize().is_ok_and(|named| named == gitdir))
}

/// The top and the folder of git of every worktree that is not the main one.
pub(super) fn admin_folders(repo: &Repo) -> Vec<(PathBuf, PathBuf)> {
    let folders = fs::read_dir(repo.common.join("worktrees")).into_iter().flatten().flatten();
    let read = |gitdir: PathBuf| {
        let said = files::read_short(&gitdir.join("gitdir"))?;
        let top = path(said.strip_suffix(b"/.git")?);
        let top = if top.is_relative() { gitdir.join(top).canonicalize().ok()? } else { top };
        (!top.as_os_str().as_bytes().is_empty()).then_some((top, gitdir))
    };
    folders.filter_map(|entry| read(entry.path())).collect()
}
