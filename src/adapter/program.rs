//! Programs in the PATH, and becoming one.

use std::{
    ffi::{OsStr, OsString},
    fs::Metadata,
    io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

/// The next program of a name after the one that runs now. The running one is known by its file,
/// not by its folder, so a PATH that has the folder twice leads nowhere else.
#[must_use]
pub fn next_of(name: &OsStr, path: &OsStr) -> Option<PathBuf> {
    let own = std::fs::metadata("/proc/self/exe").ok();
    let is_own = |file: &Path| match (&own, std::fs::metadata(file)) {
        (Some(own), Ok(other)) => same(own, &other),
        _ => false,
    };
    let files: Vec<PathBuf> = std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .collect();
    let after = files.iter().position(|file| is_own(file)).map_or(0, |at| at + 1);
    files.into_iter().skip(after).find(|file| is_program(file) && !is_own(file))
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    one.dev() == other.dev() && one.ino() == other.ino()
}

fn is_program(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|is| is.is_file() && is.permissions().mode() & 0o111 != 0)
}

/// The name of the file that runs now, whatever it was called by.
#[must_use]
pub fn own_name() -> Option<OsString> {
    std::env::current_exe().ok()?.file_name().map(OsStr::to_owned)
}

/// Becomes another program, under the name it was called by; returns only if that failed.
#[must_use]
pub fn become_as(program: &Path, called: &OsStr, args: &[OsString]) -> io::Error {
    Command::new(program).arg0(called).args(args).exec()
}
