//! Files that git does not hold, brought from the main checkout into a worktree.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Component, Path, PathBuf},
};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::run::{io as fault, other};
use crate::port::{Carry, GitError};

/// How deep a `**` looks.
const DEEP: usize = 12;

pub(super) fn carry(top: &Path, into: &Path, what: &Carry) -> Result<Vec<PathBuf>, GitError> {
    let (globs, depth) = read(&what.patterns)?;
    let mut found = vec![];
    if depth > 0 {
        look(top, Path::new(""), depth, &globs, &mut found);
    }
    found.sort();
    let mut carried = vec![];
    for file in found {
        if one(top, into, &file, what.link).map_err(fault(&file))? {
            carried.push(file);
        }
    }
    Ok(carried)
}

fn read(patterns: &[String]) -> Result<(GlobSet, usize), GitError> {
    let bad = |pattern: &str, why: &str| other("carry", &format!("{pattern:?} {why}"));
    let (mut set, mut depth) = (GlobSetBuilder::new(), 0);
    for pattern in patterns {
        let path = Path::new(pattern);
        if !path.components().all(|c| matches!(c, Component::Normal(_))) || pattern.is_empty() {
            return Err(bad(pattern, "is not a path inside the repository"));
        }
        let glob = GlobBuilder::new(pattern).literal_separator(true).build();
        set.add(glob.map_err(|e| bad(pattern, &e.to_string()))?);
        let levels = path.components().count();
        depth = depth.max(if pattern.contains("**") { DEEP } else { levels });
    }
    let set = set.build().map_err(|e| other("carry", &e.to_string()))?;
    Ok((set, depth))
}

/// Other checkouts and repositories below are not looked into.
fn look(top: &Path, folder: &Path, depth: usize, globs: &GlobSet, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(top.join(folder)).into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_file() && globs.is_match(&path) {
            found.push(path);
        } else if kind.is_dir()
            && depth > 1
            && entry.file_name() != ".git"
            && entry.path().join(".git").symlink_metadata().is_err()
        {
            look(top, &path, depth - 1, globs, found);
        }
    }
}

/// Whether the file was brought: what is there already stays, and nothing goes through a symlink.
fn one(top: &Path, into: &Path, file: &Path, link: bool) -> io::Result<bool> {
    let mut at = into.to_owned();
    for part in file.parent().into_iter().flat_map(Path::components) {
        at.push(part);
        match at.symlink_metadata() {
            Ok(about) if about.is_dir() => {}
            Ok(_) => return Ok(false),
            Err(_) => fs::create_dir(&at)?,
        }
    }
    let (from, to) = (top.join(file), into.join(file));
    let done = if link { symlink(&from, &to) } else { copy(&from, &to) };
    match done {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e),
    }
}

/// The standard library lets the kernel copy, which shares the blocks where the disk can.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(from)?;
    let mode = source.metadata()?.mode() & 0o777;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut target)?;
    target.set_permissions(fs::Permissions::from_mode(mode))
}
