//! The quick way to start a command that has no fence, no limits and no input of its own.
//!
//! The child borrows the memory of the shim until its exec, instead of copying its page tables:
//! half of what a start costs otherwise. Nothing of ours can run in the child then, so such a
//! command does not die with its shim by itself: the host ends what a killed shim leaves behind,
//! and where that is gone too, the next daemon does.

use std::{
    collections::BTreeMap,
    env::set_current_dir,
    ffi::CString,
    io::{PipeReader, pipe},
    os::{fd::AsRawFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

use nix::{
    spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn},
    sys::signal::SigSet,
    unistd::{AccessFlags, Pid, access},
};

use super::start::Started;
use crate::base::step::{MARK, Spec};

/// Starts a command, or nothing: then the long way says why it cannot be started, or starts it.
pub(super) fn start(spec: &Spec) -> Option<Started> {
    if spec.fence.is_some() || spec.stdin.is_some() || !spec.limits.is_empty() {
        return None;
    }
    let program = find(spec.argv.first()?, &spec.env)?;
    let (out, out_end) = pipe().ok()?;
    let (err, err_end) = pipe().ok()?;
    let ends = [(out_end.as_raw_fd(), 1), (err_end.as_raw_fd(), 2)];
    // The shim itself names its files in full.
    set_current_dir(&spec.cwd).ok()?;
    let pid = spawn(spec, &program, &ends).ok()?;
    Some(started(pid, out, err))
}

fn started(pid: Pid, out: PipeReader, err: PipeReader) -> Started {
    Started { pid, out, err, lacks: None }
}

fn spawn(spec: &Spec, program: &Path, ends: &[(i32, i32)]) -> nix::Result<Pid> {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| nix::errno::Errno::EINVAL);
    let argv = spec.argv.iter().map(|word| text(word.as_bytes()));
    let argv = argv.collect::<nix::Result<Vec<_>>>()?;
    let mark = [MARK.as_bytes(), b"=", spec.folder.as_os_str().as_bytes()].concat();
    let env = spec.env.iter().filter(|(name, _)| *name != MARK);
    let env = env.map(|(name, value)| text(format!("{name}={value}").as_bytes()));
    let env = env.chain([text(&mark)]).collect::<nix::Result<Vec<_>>>()?;
    let mut files = PosixSpawnFileActions::init()?;
    for (end, number) in ends {
        files.add_dup2(*end, *number)?;
    }
    posix_spawn(program, &files, &clean()?, &argv, &env)
}

/// A session of its own, no signal held back, and the one that the host ignores as it was.
fn clean() -> nix::Result<PosixSpawnAttr> {
    let mut attr = PosixSpawnAttr::init()?;
    let session = PosixSpawnFlags::from_bits_retain(libc::POSIX_SPAWN_SETSID as _);
    let signals = PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF;
    attr.set_flags(session | signals)?;
    attr.set_sigmask(&SigSet::empty())?;
    // The one that the host ignores would do; but each that is not named here is first asked about.
    attr.set_sigdefault(&SigSet::all())?;
    Ok(attr)
}

/// The program by the PATH that the command itself is given.
fn find(program: &str, env: &BTreeMap<String, String>) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    let folders = || env.get("PATH").into_iter().flat_map(|path| path.split(':'));
    // One that lies in the folder of the command is left to the long way.
    if folders().any(|folder| !folder.starts_with('/')) {
        return None;
    }
    folders()
        .map(|folder| Path::new(folder).join(program))
        .find(|file| file.is_file() && access(file, AccessFlags::X_OK).is_ok())
}
