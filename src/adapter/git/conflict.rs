//! What a merge that does not fit says, in hunks that a person can read.

use std::path::PathBuf;

use super::{
    SystemGit,
    run::{joined, path},
};
use crate::port::{ConflictFile, GitError, Repo, Sha};

/// Lines shown around a hunk.
const AROUND: usize = 3;
/// Text of one file at most.
const MOST: usize = 64 * 1024;

/// The outcome of a merge: its tree, with markers where both sides clash.
pub(super) struct Clash {
    pub(super) tree: Sha,
    files: Vec<PathBuf>,
    /// What git says, with the files that it is about.
    notes: Vec<(Vec<PathBuf>, String)>,
}

/// Reads tree, names, an empty name, then notes of count, names, kind and text.
pub(super) fn read(out: &[u8]) -> Option<Clash> {
    let mut words = out.split(|b| *b == 0);
    let tree = Sha::read(&String::from_utf8_lossy(words.next()?))?;
    let files = words.by_ref().take_while(|w| !w.is_empty()).map(path).collect();
    let mut notes = vec![];
    while let Some(count) = words.next().and_then(|w| String::from_utf8_lossy(w).parse().ok()) {
        let about: Vec<_> = words.by_ref().take(count).map(path).collect();
        let (Some(kind), Some(text)) = (words.next(), words.next()) else { break };
        if kind.starts_with(b"CONFLICT") {
            notes.push((about, String::from_utf8_lossy(text).trim().to_owned()));
        }
    }
    Some(Clash { tree, files, notes })
}

impl SystemGit {
    pub(super) async fn hunks(
        &self,
        repo: &Repo,
        clash: &Clash,
        ours: &str,
        theirs: &str,
    ) -> Result<Vec<ConflictFile>, GitError> {
        let mut files = vec![];
        for path in &clash.files {
            let call = self.within(repo).args(["cat-file", "blob"]);
            let said = call.arg(joined(&format!("{}:", clash.tree), path)).run().await?;
            let text = String::from_utf8_lossy(&said.out);
            let mut hunks = cut(&text, ours, theirs);
            if hunks.is_empty() {
                let about = clash.notes.iter().filter(|(names, _)| names.contains(path));
                hunks = about.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
            }
            files.push(ConflictFile { path: path.clone(), hunks });
        }
        Ok(files)
    }
}

/// The parts between markers with some lines around them, under the names of the two branches.
fn cut(text: &str, ours: &str, theirs: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut cut = String::new();
    let mut at = 0;
    while let Some(from) = (at..lines.len()).find(|i| lines[*i].starts_with("<<<<<<< ")) {
        let Some(to) = (from..lines.len()).find(|i| lines[*i].starts_with(">>>>>>> ")) else {
            break;
        };
        let (first, last) =
            (from.saturating_sub(AROUND).max(at), (to + AROUND).min(lines.len() - 1));
        cut += &format!("@@ line {} @@\n", first + 1);
        for (i, line) in lines.iter().enumerate().take(last + 1).skip(first) {
            match i {
                i if i == from => cut += &format!("<<<<<<< {ours}"),
                i if i == to => cut += &format!(">>>>>>> {theirs}"),
                i if i > to && line.starts_with("<<<<<<< ") => break,
                _ => cut += line,
            }
            cut.push('\n');
        }
        at = to + 1;
        if cut.len() > MOST {
            let end = (0..=MOST).rev().find(|i| cut.is_char_boundary(*i)).unwrap_or(0);
            cut.truncate(end);
            cut += "\n(more is left out)\n";
            break;
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hunk_comes_with_the_names_of_both_sides_and_some_lines() {
        let text = "1\n2\n3\n4\n<<<<<<< abc\nx\n=======\ny\n>>>>>>> def\n5\n6\n7\n8\n";
        let cut = cut(text, "main", "work");
        let expected =
            "@@ line 2 @@\n2\n3\n4\n<<<<<<< main\nx\n=======\ny\n>>>>>>> work\n5\n6\n7\n";
        assert_eq!(cut, expected);
        assert_eq!(super::cut("no markers", "a", "b"), "");
    }
}
