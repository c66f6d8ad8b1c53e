//! What a recorded task does to its folder, and the terminal it is shown on.

use std::{
    fs, io,
    os::fd::AsFd,
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr},
    unistd::read,
};

/// A path below a folder, however it is written and whatever links are on the way.
pub fn below(folder: &Path, path: &str) -> Result<PathBuf, String> {
    let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
    let outside = || format!("{path} is not below {}", folder.display());
    if path.is_empty() || !Path::new(path).components().all(plain) {
        return Err(outside());
    }
    let root = fs::canonicalize(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let file = root.join(path);
    // A link to nowhere is one, too: what is written through it is made where it leads.
    let there = file.ancestors().find(|above| fs::symlink_metadata(above).is_ok());
    let real = there.and_then(|above| fs::canonicalize(above).ok()).ok_or_else(outside)?;
    if real.starts_with(&root) { Ok(file) } else { Err(outside()) }
}

/// Writes a file, and makes the folders it is in.
pub fn write(file: &Path, text: &str) -> Result<(), String> {
    let made = file.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(file, text))
        .map_err(|e| format!("{} cannot be written: {e}", file.display()))
}

/// Whether something is there.
#[must_use]
pub fn exists(file: &Path) -> bool {
    file.exists()
}

/// How a command ended.
pub struct Ran {
    /// What it printed, on either side.
    pub output: String,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
}

/// Runs a line of the shell to its end.
pub fn shell(line: &str, folder: &Path) -> io::Result<Ran> {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec 2>&1\n{line}")]).current_dir(folder);
    let done = command.stdin(Stdio::null()).output()?;
    let mut output = String::from_utf8_lossy(&done.stdout).into_owned();
    output.push_str(&String::from_utf8_lossy(&done.stderr));
    Ok(Ran { output, code: done.status.code() })
}

/// Seconds since the Unix epoch.
#[must_use]
pub fn epoch() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_secs())
}

/// A name that no other session has.
#[must_use]
pub fn session() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Standard input as keys, one by one, until this is dropped.
pub struct Keys {
    before: Termios,
}

impl Keys {
    /// Takes the terminal; refused where standard input is none.
    pub fn take() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &raw)?;
        Ok(Self { before })
    }

    /// What was typed, waited for a while; empty if nothing was, `None` if the terminal is gone.
    #[must_use]
    pub fn typed(&self, patience: Duration) -> Option<Vec<u8>> {
        let input = io::stdin();
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(input.as_fd(), PollFlags::POLLIN)], patience) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => return Some(vec![]),
            Ok(_) => {}
            Err(_) => return None,
        }
        let mut bytes = vec![0; 64 << 10];
        let count = read(&input, &mut bytes).ok().filter(|count| *count > 0)?;
        bytes.truncate(count);
        Some(bytes)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        std::os::unix::fs::symlink("/etc", root.join("out")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", root.join("dead")).unwrap();
        std::os::unix::fs::symlink("in", root.join("loop")).unwrap();
        fs::create_dir(root.join("in")).unwrap();
        assert_eq!(below(&root, "a/b").unwrap(), root.join("a/b"));
        assert_eq!(below(&root, "./loop/b").unwrap(), root.join("loop/b"));
        for path in ["", "/etc/passwd", "../x", "a/../../x", "out/x", "out", "dead", "dead/x"] {
            assert!(below(&root, path).is_err(), "{path}");
        }
    }
}
