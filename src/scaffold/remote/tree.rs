use std::collections::BTreeMap;

use crate::{
    base::{Code, Refusal},
    port::PastFile,
    scaffold::model::{Mode, Tree, TreeFile},
};

fn no(what: String) -> Refusal {
    Refusal::new(Code::Invalid, what).help("gaia makes nothing out of such a template")
}

/// The template that a commit of a stranger holds: only plain files, and links that stay inside.
pub(crate) fn tree_of(name: &str, files: Vec<PastFile>) -> Result<Tree, Refusal> {
    let mut tree = Tree { name: name.to_owned(), files: BTreeMap::new() };
    for file in files {
        let parts: Vec<&str> = file.path.split('/').collect();
        let bad = |part: &&str| {
            matches!(*part, "" | "." | "..")
                || part.eq_ignore_ascii_case(".git")
                || part.contains(|c: char| c.is_control() || c == '\\')
        };
        if parts.iter().any(bad) {
            return Err(no(format!("the repository holds the path {:?}", file.path)));
        }
        let mode = match file.mode.as_str() {
            "100644" => Mode::Plain,
            "100755" => Mode::Exec,
            "120000" => Mode::Link,
            "160000" => {
                return Err(no(format!("{} is a submodule, and those are not fetched", file.path)));
            }
            other => {
                return Err(no(format!(
                    "{} is of a kind ({other}) that no template has",
                    file.path
                )));
            }
        };
        if mode == Mode::Link && !stays(&parts, &file.bytes) {
            let to = String::from_utf8_lossy(&file.bytes).into_owned();
            return Err(no(format!("the link {} leads out of the template, to {to:?}", file.path)));
        }
        tree.files.insert(file.path, TreeFile { bytes: file.bytes, mode });
    }
    Ok(tree)
}

/// Whether a link leads to something below the first folder that it lies in, `files` as a rule:
/// what is outside of that is not there in a project.
fn stays(parts: &[&str], target: &[u8]) -> bool {
    let Ok(target) = std::str::from_utf8(target) else { return false };
    if target.is_empty() || target.starts_with('/') || target.contains(char::is_control) {
        return false;
    }
    // Deep as its own folder; going up to the first one is the most.
    let mut depth = parts.len().saturating_sub(2);
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return false,
            ".." => depth -= 1,
            part if part.eq_ignore_ascii_case(".git") => return false,
            _ => depth += 1,
        }
    }
    true
}
