use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    globs::{Globs, inside},
    manifest::{self, Dependency},
    model::{Dependencies, Fence},
    rule::wild,
};

/// How a file changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is new.
    Added,
    /// Its text is another.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path.
    Renamed,
    /// It may be run now, or may not any more.
    ModeChanged,
    /// It is a link now.
    Symlink {
        /// Where to, as it is written in it.
        target: String,
    },
    /// It is a commit of another repository.
    Submodule,
}

/// A file of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Path in the worktree.
    pub path: String,
    /// Path before, if that was another.
    pub old_path: Option<String>,
    /// How it changed.
    pub kind: Kind,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
    /// Lines it has now, if it is text.
    pub lines_after: Option<u32>,
    /// Whether it is no text.
    pub binary: bool,
    /// The text before; only needed of a manifest ([`super::is_manifest`]).
    pub before: Option<String>,
    /// The text now; only needed of a manifest.
    pub after: Option<String>,
}

/// Where a diff goes against a fence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// The rule: a key of the fence, or `worktree` for what no fence allows.
    pub rule: String,
    /// The file, if it is about one.
    pub path: Option<String>,
    /// What is wrong, in a sentence.
    pub what: String,
}

/// Everything in a diff that goes against a fence; nothing if it may land.
#[must_use]
pub fn check(fence: &Fence, changes: &[Change]) -> Vec<Violation> {
    let (write, protect) = (fence.writable(), fence.protected());
    let mut found = Vec::new();
    for change in changes {
        paths(change, (&write, &protect), &mut found);
        kinds(change, &mut found);
        length(fence, change, &mut found);
        dependencies(fence, change, &mut found);
    }
    sizes(fence, changes, &mut found);
    found
}

fn tell(found: &mut Vec<Violation>, rule: &str, path: Option<&str>, what: String) {
    found.push(Violation { rule: rule.to_owned(), path: path.map(str::to_owned), what });
}

fn paths(change: &Change, (write, protect): (&Globs, &Globs), found: &mut Vec<Violation>) {
    let old = change.old_path.as_ref().filter(|old| **old != change.path);
    for path in std::iter::once(&change.path).chain(old) {
        let Some(inner) = inside(path).filter(|inner| !inner.is_empty()) else {
            let what = format!("`{path}` is outside of the worktree");
            tell(found, "worktree", Some(path), what);
            continue;
        };
        if is_git(&inner) {
            let what = format!("`{path}` belongs to git itself");
            tell(found, "worktree", Some(path), what);
        }
        if protect.fits(&inner) {
            tell(found, "protect", Some(path), format!("`{path}` is protected"));
        }
        if !write.fits(&inner) {
            let all = write.written().join(", ");
            let what = format!("`{path}` is not among the files it may touch: {all}");
            tell(found, "write", Some(path), what);
        }
    }
}

/// Whether a path leads into a folder that git would take for its own, on any disk.
fn is_git(path: &str) -> bool {
    path.split('/').any(|part| {
        let part = part.trim_end_matches(['.', ' ']).to_ascii_lowercase();
        part == ".git" || part == "git~1" || part.starts_with(".git:")
    })
}

fn kinds(change: &Change, found: &mut Vec<Violation>) {
    let path = change.path.as_str();
    match &change.kind {
        Kind::Added | Kind::Modified | Kind::Deleted | Kind::Renamed | Kind::ModeChanged => (),
        Kind::Symlink { target } => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let from_root = folder.is_empty() || target.starts_with('/');
            let whole = if from_root { target.clone() } else { format!("{folder}/{target}") };
            match inside(&whole) {
                None => {
                    let what = format!("`{path}` is a link out of the worktree, to `{target}`");
                    tell(found, "worktree", Some(path), what);
                }
                Some(inner) if is_git(&inner) => {
                    let what = format!("`{path}` is a link into git itself, to `{target}`");
                    tell(found, "worktree", Some(path), what);
                }
                Some(_) => (),
            }
        }
        Kind::Submodule => {
            let what = format!("`{path}` is a commit of another repository, which nobody has seen");
            tell(found, "worktree", Some(path), what);
        }
    }
}

fn length(fence: &Fence, change: &Change, found: &mut Vec<Violation>) {
    if let (Some(most), Some(lines)) = (fence.max_file_lines, change.lines_after)
        && lines > most
        && change.added > 0
    {
        let path = change.path.as_str();
        let what = format!("`{path}` has {lines} lines; {most} is the limit");
        tell(found, "max_file_lines", Some(path), what);
    }
}

fn sizes(fence: &Fence, changes: &[Change], found: &mut Vec<Violation>) {
    let files = changes.len();
    if let Some(most) = fence.max_files.filter(|most| files > *most as usize) {
        tell(found, "max_files", None, format!("{files} files are changed; {most} is the limit"));
    }
    let each = changes.iter().map(|change| u64::from(change.added) + u64::from(change.removed));
    let lines: u64 = each.sum();
    if let Some(most) = fence.max_lines.filter(|most| lines > u64::from(*most)) {
        tell(found, "max_lines", None, format!("{lines} lines are changed; {most} is the limit"));
    }
}

fn dependencies(fence: &Fence, change: &Change, found: &mut Vec<Violation>) {
    let allowed = match &fence.dependencies {
        Dependencies::Any => return,
        Dependencies::None => &[][..],
        Dependencies::Only(names) => names,
    };
    let path = change.path.as_str();
    if !manifest::is_manifest(path) || change.kind == Kind::Deleted {
        return;
    }
    let now = change.after.as_deref().and_then(|text| manifest::read(path, text).ok());
    let Some(now) = now else {
        let untouched = matches!(change.kind, Kind::ModeChanged | Kind::Renamed);
        if !(untouched && change.added == 0 && change.after.is_none()) {
            let what = format!("the dependencies that `{path}` names cannot be read");
            tell(found, "dependencies", Some(path), what);
        }
        return;
    };
    let old = change.old_path.as_deref().unwrap_or(path);
    let before = change.before.as_deref().and_then(|text| manifest::read(old, text).ok());
    for dependency in now.difference(&before.unwrap_or_default()) {
        let Dependency { name, from } = dependency;
        let known = allowed.iter().any(|pattern| same(pattern, name));
        match from {
            Some(from) => {
                let what = format!("`{path}` takes `{name}` from a place of its own, {from}");
                tell(found, "dependencies", Some(path), what);
            }
            None if !known => {
                let what = format!("`{path}` depends on `{name}`, which is not allowed");
                tell(found, "dependencies", Some(path), what);
            }
            None => (),
        }
    }
}

/// Names are compared as the strictest kind of package does: case and `_` make no difference.
fn same(pattern: &str, name: &str) -> bool {
    let flat = |text: &str| text.to_lowercase().replace('_', "-");
    wild(&flat(pattern), &flat(name))
}

#[cfg(test)]
mod tests;
