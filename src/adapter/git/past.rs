//! Texts of a project's past, its index, and the templates of others.

use std::{
    collections::BTreeMap,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use async_trait::async_trait;

use super::{
    SystemGit,
    run::{failed, other, parts},
};
use crate::port::{Checkout, GitError, Past, PastFile, Sha, Unmerged};

/// Transports that a repository of others may be fetched by.
const REMOTE: &str = "https:ssh:git";
/// Files that a template may have.
const MOST_FILES: usize = 20_000;
/// Bytes that a template may have.
const MOST_BYTES: usize = 256 << 20;

#[async_trait]
impl Past for SystemGit {
    async fn checkout(&self, root: &Path) -> Result<Option<Checkout>, GitError> {
        let asked = ["rev-parse", "--show-toplevel", "--show-prefix"];
        let said = match self.from(root).args(asked).run().await {
            Err(GitError::Missing) => return Ok(None),
            said => said?,
        };
        if said.code != 0 {
            let none = said.err.contains("not a git repository") || said.err.contains("work tree");
            return if none { Ok(None) } else { Err(failed("rev-parse", &said)) };
        }
        let text = String::from_utf8_lossy(&said.out).into_owned();
        let mut lines = text.lines();
        let top = PathBuf::from(lines.next().unwrap_or_default());
        let prefix = lines.next().unwrap_or_default();
        let status = self.from(root).args(["status", "--porcelain=v2", "-z", "--no-renames"]);
        let status = status.args(["--untracked-files=all", "--ignore-submodules=all", "--", "."]);
        let held = self.from(root).args(["ls-files", "--stage", "-z", "--", "."]);
        let (status, held) = tokio::try_join!(status.ok(), held.ok())?;
        let mut checkout = Checkout { top, changed: vec![], held: BTreeMap::new(), others: vec![] };
        for line in parts(&status) {
            read_status(&String::from_utf8_lossy(line), prefix, &mut checkout);
        }
        checkout.held = parts(&held).filter_map(read_held).collect();
        Ok(Some(checkout))
    }

    async fn texts(
        &self,
        root: &Path,
        blobs: &[String],
    ) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        if blobs.is_empty() {
            return Ok(BTreeMap::new());
        }
        let input = blobs.iter().map(|blob| format!("{blob}\n")).collect::<String>();
        let call = self.from(root).args(["cat-file", "--batch"]).input(input.into_bytes());
        Ok(read_batch(&call.ok().await?))
    }

    async fn unmerge(&self, root: &Path, files: &[Unmerged]) -> Result<(), GitError> {
        if files.is_empty() {
            return Ok(());
        }
        let sides = files.iter().flat_map(|f| [&f.base, &f.ours, &f.theirs]).flatten();
        let mut input = vec![];
        for side in sides {
            input.extend_from_slice(side.as_os_str().as_bytes());
            input.push(b'\n');
        }
        let hash = ["hash-object", "-w", "--no-filters", "--stdin-paths"];
        let names = self.from(root).args(hash).input(input).ok().await?;
        let prefix = self.from(root).args(["rev-parse", "--show-prefix"]).ok().await?;
        let prefix = String::from_utf8_lossy(&prefix).trim_end_matches('\n').to_owned();
        let names = String::from_utf8_lossy(&names).into_owned();
        let lines = index_lines(files, names.lines(), &prefix);
        let index = self.from(root).args(["update-index", "-z", "--index-info"]).input(lines);
        index.ok().await.map(drop)
    }

    async fn fetch(&self, url: &str, into: &Path) -> Result<(), GitError> {
        if !into.join("HEAD").is_file() {
            super::files::private_dir(into).map_err(|e| other("init", &e.to_string()))?;
            let init = ["init", "--quiet", "--bare", "--template="];
            self.from(into).args(init).ok().await?;
        }
        let local = url.starts_with('/');
        let call = self.from(into).env("GIT_ALLOW_PROTOCOL", if local { "file" } else { REMOTE });
        let call = call.env("GIT_DIR", into).env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        let fetch = ["-c", "transfer.fsckObjects=true", "fetch", "--quiet", "--force", "--prune"];
        let apart = ["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--"];
        let what = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        let call = call.args(fetch).args(apart).arg(url).args(what).arg("+HEAD:refs/gaia/HEAD");
        let said = call.patient().run().await?;
        if said.code == 0 { Ok(()) } else { Err(failed("fetch", &said)) }
    }

    async fn tags(&self, of: &Path) -> Result<Vec<(String, Sha)>, GitError> {
        let format = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)";
        let call = self.from(of).env("GIT_DIR", of).args(["for-each-ref", format, "refs/tags"]);
        let out = call.ok().await?;
        let text = String::from_utf8_lossy(&out).into_owned();
        let tag = |line: &str| {
            let mut words = line.split('\0');
            let (name, own, commit) = (words.next()?, words.next()?, words.next()?);
            let sha = Sha::read(if commit.is_empty() { own } else { commit })?;
            Some((name.to_owned(), sha))
        };
        Ok(text.lines().filter_map(tag).collect())
    }

    async fn commit(&self, of: &Path, name: Option<&str>) -> Result<Option<Sha>, GitError> {
        let is_hex = |name: &&str| name.len() >= 7 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let mut places = vec![];
        match name {
            None => places.push("refs/gaia/HEAD".to_owned()),
            Some(name) => {
                places.extend([format!("refs/tags/{name}"), format!("refs/heads/{name}")]);
                places.extend(Some(name).filter(is_hex).map(str::to_owned));
            }
        }
        for place in places {
            let call = self.from(of).env("GIT_DIR", of);
            let call = call.args(["rev-parse", "--quiet", "--verify", "--end-of-options"]);
            let said = call.arg(format!("{place}^{{commit}}")).run().await?;
            if said.code == 0 {
                return Ok(Sha::read(String::from_utf8_lossy(&said.out).trim()));
            }
        }
        Ok(None)
    }

    async fn files(&self, of: &Path, commit: &Sha) -> Result<Vec<PastFile>, GitError> {
        let list = self.from(of).env("GIT_DIR", of).args(["ls-tree", "-r", "-l", "-z"]);
        let out = list.arg(commit.as_str()).ok().await?;
        let entries: Vec<Entry> = parts(&out).filter_map(Entry::read).collect();
        let bytes: usize = entries.iter().map(|entry| entry.size).sum();
        if entries.len() > MOST_FILES || bytes > MOST_BYTES {
            let what = format!("{} files of {bytes} bytes are too much", entries.len());
            return Err(other("ls-tree", &what));
        }
        let blobs: String = entries.iter().map(|entry| format!("{}\n", entry.blob)).collect();
        let call = self.from(of).env("GIT_DIR", of).args(["cat-file", "--batch"]);
        let texts = read_batch(&call.input(blobs.into_bytes()).ok().await?);
        let file = |entry: Entry| {
            let bytes = texts.get(&entry.blob).cloned().unwrap_or_default();
            PastFile { path: entry.path, mode: entry.mode, bytes }
        };
        Ok(entries.into_iter().map(file).collect())
    }
}

/// A line of `git ls-tree -r -l -z`.
struct Entry {
    mode: String,
    blob: String,
    size: usize,
    path: String,
}

impl Entry {
    fn read(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line).into_owned();
        let (head, path) = line.split_once('\t')?;
        let mut words = head.split_whitespace();
        let (mode, _kind, blob) = (words.next()?, words.next()?, words.next()?);
        // A submodule has no size.
        let size = words.next()?.parse().unwrap_or(0);
        Some(Self { mode: mode.into(), blob: blob.into(), size, path: path.into() })
    }
}

/// A line of `git status --porcelain=v2 -z`: paths are seen from the top.
fn read_status(line: &str, prefix: &str, checkout: &mut Checkout) {
    let fields = match line.as_bytes().first() {
        Some(b'1') => 9,
        Some(b'u') => 11,
        Some(b'?') => 2,
        _ => return,
    };
    let Some(path) = line.splitn(fields, ' ').nth(fields - 1) else { return };
    let Some(path) = path.strip_prefix(prefix) else { return };
    let list = if fields == 2 { &mut checkout.others } else { &mut checkout.changed };
    list.push(path.to_owned());
}

/// A line of `git ls-files --stage -z`: paths are seen from the project.
fn read_held(line: &[u8]) -> Option<(String, String)> {
    let line = String::from_utf8_lossy(line).into_owned();
    let (head, path) = line.split_once('\t')?;
    Some((path.to_owned(), head.split(' ').nth(1)?.to_owned()))
}

/// What `git cat-file --batch` says: a line for each object, and its bytes if it is there.
fn read_batch(mut out: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut texts = BTreeMap::new();
    while let Some(end) = out.iter().position(|byte| *byte == b'\n') {
        let head = String::from_utf8_lossy(&out[..end]).into_owned();
        out = &out[end + 1..];
        let mut words = head.split(' ');
        let (name, kind, size) = (words.next(), words.next(), words.next());
        let (Some(name), Some(kind), Some(size)) = (name, kind, size) else { continue };
        let Some(size) = size.parse::<usize>().ok().filter(|size| *size <= out.len()) else {
            break;
        };
        if kind == "blob" {
            texts.insert(name.to_owned(), out[..size].to_vec());
        }
        out = out.get(size + 1..).unwrap_or_default();
    }
    texts
}

/// What `git update-index --index-info` reads: the plain entry goes, up to three come.
fn index_lines<'a>(
    files: &[Unmerged],
    mut names: impl Iterator<Item = &'a str>,
    prefix: &str,
) -> Vec<u8> {
    let mut lines = vec![];
    for file in files {
        let mode = if file.exec { "100755" } else { "100644" };
        let path = format!("{prefix}{}", file.path);
        lines.extend_from_slice(format!("0 {}\t{path}\0", "0".repeat(40)).as_bytes());
        for (stage, side) in [(1, &file.base), (2, &file.ours), (3, &file.theirs)] {
            if side.is_some() {
                let name = names.next().unwrap_or_default();
                lines.extend_from_slice(format!("{mode} {name} {stage}\t{path}\0").as_bytes());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_whatever_the_texts_hold() {
        let out = b"aa blob 4\nx\n\0y\nbb missing\ncc tree 2\nzz\ndd blob 0\n\n";
        let texts = read_batch(out);
        assert_eq!(texts.get("aa").unwrap(), b"x\n\0y");
        assert_eq!(texts.get("dd").unwrap(), b"");
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn an_index_gets_a_line_for_each_side_that_is_there() {
        let file = |base: bool| Unmerged {
            path: "a b".into(),
            base: base.then(|| "/1".into()),
            ours: Some("/2".into()),
            theirs: Some("/3".into()),
            exec: !base,
        };
        let names = ["n1", "n2", "n3", "n4", "n5"];
        let lines = index_lines(&[file(true), file(false)], names.into_iter(), "sub/");
        let text = String::from_utf8(lines).unwrap().replace('\0', "\n").replace('\t', " ");
        let none = "0".repeat(40);
        let expected = format!(
            "0 {none} sub/a b\n100644 n1 1 sub/a b\n100644 n2 2 sub/a b\n100644 n3 3 sub/a b\n\
             0 {none} sub/a b\n100755 n4 2 sub/a b\n100755 n5 3 sub/a b\n"
        );
        assert_eq!(text, expected);
    }
}
