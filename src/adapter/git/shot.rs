//! The content of a worktree as a tree, through an index that no agent can write.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use super::{
    SystemGit,
    files::{self, Scratch},
    guard,
    run::{Call, failed, io, list, parts, path},
};
use crate::port::{GitError, Repo, Sha, Work};

/// Where the objects of a shot go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Into the repository.
    Yes,
    /// Away with the shot.
    No,
    /// Into the repository, and the files of nested repositories with them.
    Everything,
}

/// A worktree at one moment.
pub(super) struct Shot {
    pub(super) scratch: Scratch,
    pub(super) tree: Sha,
    pub(super) untracked: Vec<PathBuf>,
    pub(super) nested: Vec<PathBuf>,
    /// What git takes under no circumstances, such as a file in a folder named `.GIT`.
    pub(super) left_out: Vec<PathBuf>,
    keep: Keep,
    objects: PathBuf,
}

/// What differs from the index.
struct Differs {
    deleted: BTreeSet<PathBuf>,
    changed: BTreeSet<PathBuf>,
    untracked: Vec<PathBuf>,
    nested: Vec<PathBuf>,
}

impl Shot {
    /// The index of the shot.
    pub(super) fn index(&self) -> PathBuf {
        self.scratch.file("index")
    }

    /// Lets a command see the objects of this shot.
    pub(super) fn seen_by(&self, call: Call) -> Call {
        match self.keep {
            Keep::Yes | Keep::Everything => call,
            Keep::No => call
                .env("GIT_OBJECT_DIRECTORY", self.scratch.file("objects"))
                .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted(&self.objects)),
        }
    }
}

impl SystemGit {
    /// Takes a shot of the worktree on top of a commit.
    pub(super) async fn shoot(
        &self,
        repo: &Repo,
        work: &Work,
        head: &Sha,
        keep: Keep,
    ) -> Result<Shot, GitError> {
        guard::is_ours(repo, work)?;
        if !work.path.is_dir() {
            return Err(GitError::Gone(work.path.clone()));
        }
        let scratch = Scratch::new(&self.options.private)?;
        let (index, kept) =
            (scratch.file("index"), files::index_of(&self.options.private, &work.gitdir));
        if kept.is_file() {
            files::copy_index(&kept, &index).map_err(io(&kept))?;
        }
        let over = || self.over(repo, &work.path, &index).patient();
        over().args(["read-tree", "-i", "-m", head.as_str()]).ok().await?;
        let differs = self.differs(repo, work, &index).await?;
        let mut shot = Shot {
            scratch,
            tree: head.clone(),
            untracked: differs.untracked,
            nested: differs.nested,
            left_out: vec![],
            keep,
            objects: repo.common.join("objects"),
        };
        if keep == Keep::No {
            let objects = shot.scratch.file("objects");
            fs::create_dir_all(&objects).map_err(io(&objects))?;
        }
        if !differs.deleted.is_empty() {
            let call = over().args(["update-index", "--force-remove", "-z", "--stdin"]);
            call.input(list(&differs.deleted)).ok().await?;
        }
        let mut more = vec![];
        if keep == Keep::Everything {
            shot.nested.iter().for_each(|n| files::files_below(&work.path, n, &mut more));
        }
        let add = list(differs.changed.iter().chain(&shot.untracked).chain(&more));
        if !add.is_empty() {
            let words = ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
            let said = shot.seen_by(over()).args(words).input(add).run().await?;
            if said.code != 0 {
                return Err(failed("update-index", &said));
            }
            let ignored = |line: &str| Some(line.strip_prefix("Ignoring path ")?.into());
            shot.left_out = said.err.lines().filter_map(ignored).collect();
        }
        shot.tree = shot.seen_by(over()).args(["write-tree"]).sha().await?;
        // What is remembered only spares time; the next shot does without.
        let _ = files::replace_index(&index, &kept);
        Ok(shot)
    }

    async fn differs(&self, repo: &Repo, work: &Work, index: &Path) -> Result<Differs, GitError> {
        let over = || self.over(repo, &work.path, index).patient();
        let words =
            ["diff-files", "-z", "--name-status", "--no-renames", "--ignore-submodules=all"];
        let tracked = over().args(words).ok();
        let mut others = over().args(["ls-files", "-z", "--others", "--exclude-standard"]);
        for pattern in &work.exclude {
            others = others.arg(format!("--exclude={pattern}"));
        }
        let (tracked, others) = tokio::try_join!(tracked, others.ok())?;
        let (mut deleted, mut changed) = (BTreeSet::new(), BTreeSet::new());
        let mut words = parts(&tracked);
        while let (Some(status), Some(name)) = (words.next(), words.next()) {
            if status == b"D" { &mut deleted } else { &mut changed }.insert(path(name));
        }
        let (nested, untracked): (Vec<_>, Vec<_>) =
            parts(&others).partition(|name| name.last() == Some(&b'/'));
        let bare = |name: &[u8]| path(name.strip_suffix(b"/").unwrap_or(name));
        let nested = nested.into_iter().map(bare).collect();
        let untracked = untracked.into_iter().map(path).collect();
        Ok(Differs { deleted, changed, untracked, nested })
    }

    /// What a worktree holds beside its commit.
    pub(super) async fn held(&self, repo: &Repo, work: &Work) -> Result<Vec<PathBuf>, GitError> {
        let head = self.head_of(repo, work).await?;
        let shot = self.shoot(repo, work, &head, Keep::No).await?;
        let mut held = self.changed_since(repo, &shot, &head).await?;
        held.extend(shot.nested);
        held.extend(shot.left_out);
        Ok(held)
    }

    /// The commit of the worktree's branch, or the one that a candidate was made of.
    pub(super) async fn head_of(&self, repo: &Repo, work: &Work) -> Result<Sha, GitError> {
        match &work.branch {
            None => Ok(work.base.clone()),
            Some(branch) => {
                let tip = self.tip(repo, branch).await?;
                tip.ok_or_else(|| GitError::UnknownBranch(branch.clone()))
            }
        }
    }

    /// The names of all files that differ between a commit and a shot.
    pub(super) async fn changed_since(
        &self,
        repo: &Repo,
        shot: &Shot,
        head: &Sha,
    ) -> Result<Vec<PathBuf>, GitError> {
        let call = shot.seen_by(self.within(repo).patient());
        let words = ["diff-tree", "-r", "-z", "--name-only", "--no-renames"];
        let out = call.args(words).args([head.as_str(), shot.tree.as_str()]).ok().await?;
        Ok(parts(&out).map(path).collect())
    }
}

/// A folder in a list of folders that colons part.
fn quoted(folder: &Path) -> std::ffi::OsString {
    let bytes = folder.as_os_str().as_bytes();
    if !bytes.contains(&b':') && !bytes.contains(&b'"') && !bytes.contains(&b'\n') {
        return folder.as_os_str().to_owned();
    }
    let mut quoted = vec![b'"'];
    for byte in bytes {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', *byte]),
            b'\n' => quoted.extend(*b"\\n"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'"');
    std::ffi::OsString::from_vec(quoted)
}
