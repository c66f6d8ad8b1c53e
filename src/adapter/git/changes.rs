//! What a worktree changes.
//!
//! Compared are two trees in a folder without files, so that no attributes of the worktree decide
//! what counts as text or which program shows it.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::{
    SystemGit,
    run::path,
    shot::{Keep, Shot},
};
use crate::port::{Change, ChangeKind, GitError, Repo, Sha, Work};

/// The tree without entries, for both kinds of names.
const EMPTY: (&str, &str) = (
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
);
/// Paths in one command.
const CHUNK: usize = 200;
/// A file whose name or mode says what it is.
const LINK: &str = "120000";
const MODULE: &str = "160000";

/// Lines added and removed; none for what is no text.
type Counts = Option<(u32, u32)>;

struct Raw {
    modes: (String, String),
    shas: (String, String),
    status: String,
    path: PathBuf,
    old_path: Option<PathBuf>,
}

impl SystemGit {
    /// The shot of the worktree, and the commit that its changes are counted from.
    async fn sides(&self, repo: &Repo, work: &Work) -> Result<(Sha, Shot), GitError> {
        let head = self.head_of(repo, work).await?;
        let words = ["merge-base", work.base.as_str(), head.as_str()];
        let said = self.within(repo).args(words).run().await?;
        let base = Sha::read(String::from_utf8_lossy(&said.out).trim());
        let shot = self.shoot(repo, work, &head, Keep::No).await?;
        Ok((base.unwrap_or_else(|| work.base.clone()), shot))
    }

    pub(super) async fn changes_of(
        &self,
        repo: &Repo,
        work: &Work,
    ) -> Result<Vec<Change>, GitError> {
        let (base, shot) = self.sides(repo, work).await?;
        let words = ["diff-tree", "-r", "-z", "--raw", "--numstat", "-M", "--no-abbrev"];
        let call = shot.seen_by(self.within(repo).patient()).args(words).args(PLAIN);
        let out = call.args([base.as_str(), shot.tree.as_str()]).ok().await?;
        let (raws, counts) = read(&out);
        let after = self.lines_after(repo, &shot, &raws).await?;
        let mut changes = vec![];
        for raw in raws {
            let kind = match kind(&raw) {
                ChangeKind::Symlink { .. } => {
                    let call = shot.seen_by(self.within(repo)).args(["cat-file", "blob"]);
                    let target = path(&call.arg(&raw.shas.1).ok().await?);
                    ChangeKind::Symlink { target }
                }
                kind => kind,
            };
            let counts = counts.get(&raw.path).copied().flatten();
            let (added, removed) = counts.unwrap_or_default();
            let lines_after = after.get(&raw.path).copied().flatten().unwrap_or_default().0;
            let binary = counts.is_none() && kind != ChangeKind::Submodule;
            let (path, old_path) = (raw.path, raw.old_path);
            changes.push(Change { path, old_path, kind, added, removed, lines_after, binary });
        }
        Ok(changes)
    }

    /// All lines of the files that changed and are still there.
    async fn lines_after(
        &self,
        repo: &Repo,
        shot: &Shot,
        raws: &[Raw],
    ) -> Result<HashMap<PathBuf, Counts>, GitError> {
        let empty = if shot.tree.as_str().len() == 40 { EMPTY.0 } else { EMPTY.1 };
        let there: Vec<&Path> =
            raws.iter().filter(|r| r.status != "D").map(|r| r.path.as_path()).collect();
        let mut all = HashMap::new();
        for chunk in there.chunks(CHUNK) {
            let words = ["diff-tree", "-r", "-z", "--numstat", "--no-renames"];
            let call = shot.seen_by(self.within(repo).patient()).args(words).args(PLAIN);
            let call = call.args([empty, shot.tree.as_str(), "--"]).args(chunk);
            all.extend(read(&call.ok().await?).1);
        }
        Ok(all)
    }

    pub(super) async fn diff_of(
        &self,
        repo: &Repo,
        work: &Work,
        paths: &[PathBuf],
        context: u32,
    ) -> Result<String, GitError> {
        let (base, shot) = self.sides(repo, work).await?;
        let call = shot.seen_by(self.within(repo).patient()).args(["diff-tree", "-r", "-p", "-M"]);
        let call = call.args(PLAIN).args(["--no-color", "--src-prefix=a/", "--dst-prefix=b/"]);
        let call = call.arg(format!("--unified={context}"));
        let call = call.args([base.as_str(), shot.tree.as_str(), "--"]).args(paths);
        Ok(String::from_utf8_lossy(&call.ok().await?).into_owned())
    }
}

/// No program of anybody's, and nothing hidden by a `.gitmodules`.
const PLAIN: &[&str] = &["--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];

/// The raw part of an output and the counted one.
fn read(out: &[u8]) -> (Vec<Raw>, HashMap<PathBuf, Counts>) {
    let (mut raws, mut counts) = (vec![], HashMap::new());
    // A rename has an empty name before its two names, so nothing empty may be left out.
    let mut words = out.split(|b| *b == 0);
    while let Some(word) = words.next() {
        if let Some(about) = word.strip_prefix(b":") {
            let about = String::from_utf8_lossy(about).into_owned();
            let fields: Vec<_> = about.split(' ').map(str::to_owned).collect();
            let (Ok([old_mode, new_mode, old, new, status]), Some(first)) =
                (<[String; 5]>::try_from(fields), words.next())
            else {
                continue;
            };
            let second = if status.starts_with('R') { words.next() } else { None };
            raws.push(Raw {
                modes: (old_mode, new_mode),
                shas: (old, new),
                status,
                path: path(second.unwrap_or(first)),
                old_path: second.map(|_| path(first)),
            });
        } else if let Some((numbers, name)) = numbers(word) {
            let name = if name.is_empty() { words.nth(1).unwrap_or_default() } else { name };
            counts.insert(path(name), numbers);
        }
    }
    (raws, counts)
}

fn numbers(word: &[u8]) -> Option<(Counts, &[u8])> {
    let mut fields = word.splitn(3, |b| *b == b'\t');
    let mut number = || Some(String::from_utf8_lossy(fields.next()?).parse::<u32>().ok());
    let (added, removed) = (number()?, number()?);
    Some((added.zip(removed), fields.next()?))
}

fn kind(raw: &Raw) -> ChangeKind {
    let (old, new) = (raw.modes.0.as_str(), raw.modes.1.as_str());
    match raw.status.as_bytes().first() {
        _ if old == MODULE || new == MODULE => ChangeKind::Submodule,
        _ if new == LINK => ChangeKind::Symlink { target: PathBuf::new() },
        Some(b'A') => ChangeKind::Added,
        Some(b'D') => ChangeKind::Deleted,
        Some(b'R') => ChangeKind::Renamed,
        _ if raw.shas.0 == raw.shas.1 => ChangeKind::ModeChanged,
        _ => ChangeKind::Modified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_has_two_names_in_both_parts() {
        let text = b":100644 100644 1 2 R090\0a\0b c\0:100644 000000 1 0 D\0d\n\0\
            1\t2\t\0a\0b c\x000\t3\td\n\0-\t-\te\0";
        let (raws, counts) = read(text);
        assert_eq!(raws.len(), 2);
        assert_eq!(raws[0].old_path, Some("a".into()));
        assert_eq!(raws[0].path, PathBuf::from("b c"));
        assert_eq!(raws[1].path, PathBuf::from("d\n"));
        assert_eq!(counts[Path::new("b c")], Some((1, 2)));
        assert_eq!(counts[Path::new("d\n")], Some((0, 3)));
        assert_eq!(counts[Path::new("e")], None);
    }
}
