//! One run of git.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{io::AsyncWriteExt, process::Command};

use super::{SystemGit, files};
use crate::port::{GitError, Repo, Sha, Who};

/// How long a command may take that is not known to be long.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// Settings for every command, over all that is configured.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.sparseCheckout=false",
    "core.splitIndex=false",
    "core.trustctime=true",
    "core.checkStat=default",
    "core.quotePath=false",
    "core.preloadIndex=true",
    "diff.submodule=short",
    "gc.auto=0",
    "i18n.commitEncoding=UTF-8",
    "i18n.logOutputEncoding=UTF-8",
    "submodule.recurse=false",
];

/// A command of git that is being put together.
pub(super) struct Call {
    command: Command,
    cwd: PathBuf,
    words: Vec<OsString>,
    input: Option<Vec<u8>>,
    limit: Option<Duration>,
}

/// How it ended.
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) out: Vec<u8>,
    pub(super) err: String,
}

impl SystemGit {
    /// A command without a repository of its own choice: git looks from `cwd`.
    pub(super) fn from(&self, cwd: &Path) -> Call {
        let mut command = Command::new(&self.options.program);
        command.env_clear().envs(self.options.env.iter().map(|(k, v)| (k, v)));
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        command.env("GIT_PAGER", "cat").env("GIT_EDITOR", ":").env("GIT_ADVICE", "0");
        command.arg("--no-pager").arg("--literal-pathspecs");
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.current_dir(cwd).stdin(Stdio::null()).kill_on_drop(true);
        let cwd = cwd.to_owned();
        Call { command, cwd, words: vec![], input: None, limit: Some(LIMIT) }
    }

    /// A command on the repository and no checkout. It runs in a folder without files, since git
    /// would take attributes from those where it runs.
    pub(super) fn within(&self, repo: &Repo) -> Call {
        let _ = files::private_dir(&self.options.private);
        let mut call = self.from(&self.options.private);
        call.command.arg(joined("--git-dir=", &repo.common));
        call
    }

    /// A command on the files of a checkout through an index of ours.
    pub(super) fn over(&self, repo: &Repo, path: &Path, index: &Path) -> Call {
        let mut call = self.from(path);
        call.command.arg(joined("--git-dir=", &repo.common)).arg(joined("--work-tree=", path));
        call.env("GIT_INDEX_FILE", index)
    }
}

/// `--option=path` for a path of any bytes.
pub(super) fn joined(option: &str, path: &Path) -> OsString {
    let mut word = OsString::from(option);
    word.push(path);
    word
}

impl Call {
    pub(super) fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    pub(super) fn args<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.words.extend(words.into_iter().map(|w| w.as_ref().to_owned()));
        self
    }

    pub(super) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Author and committer.
    pub(super) fn by(self, who: &Who) -> Self {
        self.env("GIT_AUTHOR_NAME", &who.name)
            .env("GIT_AUTHOR_EMAIL", &who.email)
            .env("GIT_COMMITTER_NAME", &who.name)
            .env("GIT_COMMITTER_EMAIL", &who.email)
    }

    pub(super) fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = Some(bytes);
        self
    }

    /// It may take as long as it takes: the network or a large checkout.
    pub(super) fn patient(mut self) -> Self {
        self.limit = None;
        self
    }

    fn name(&self) -> String {
        self.words.first().map(|w| w.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The command itself, for one that is talked to.
    pub(super) fn into_command(mut self) -> Command {
        self.command.args(&self.words);
        self.command
    }

    /// Runs it to its end, however it ends.
    pub(super) async fn run(mut self) -> Result<Said, GitError> {
        let name = self.name();
        let limit = self.limit.unwrap_or(Duration::MAX);
        self.command.args(&self.words).stdout(Stdio::piped()).stderr(Stdio::piped());
        if self.input.is_some() {
            self.command.stdin(Stdio::piped());
        }
        let mut child = self.command.spawn().map_err(|e| not_run(&name, &self.cwd, &e))?;
        let (stdin, input) = (child.stdin.take(), self.input.take());
        let feed = async move {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A command that ends early tells why by itself.
                let _ = stdin.write_all(&input).await;
            }
        };
        let both = async { tokio::join!(feed, child.wait_with_output()).1 };
        let Ok(output) = tokio::time::timeout(limit, both).await else {
            return Err(GitError::Late(name));
        };
        let output = output.map_err(|e| other(&name, &e.to_string()))?;
        let err = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok(Said { code: output.status.code().unwrap_or(-1), out: output.stdout, err })
    }

    /// Runs it; anything but success is an error.
    pub(super) async fn ok(self) -> Result<Vec<u8>, GitError> {
        let name = self.name();
        let said = self.run().await?;
        if said.code == 0 { Ok(said.out) } else { Err(failed(&name, &said)) }
    }

    /// Runs it; its answer is one object.
    pub(super) async fn sha(self) -> Result<Sha, GitError> {
        let name = self.name();
        let out = self.ok().await?;
        let text = String::from_utf8_lossy(&out).trim().to_owned();
        Sha::read(&text).ok_or_else(|| other(&name, &format!("unexpected answer {text:?}")))
    }
}

fn not_run(name: &str, cwd: &Path, error: &std::io::Error) -> GitError {
    match error.kind() {
        std::io::ErrorKind::NotFound if cwd.is_dir() => GitError::Missing,
        std::io::ErrorKind::NotFound => GitError::Gone(cwd.to_owned()),
        _ => other(name, &error.to_string()),
    }
}

/// An error of the class that git's words tell.
pub(super) fn failed(command: &str, said: &Said) -> GitError {
    let reason = said.err.trim_start_matches("fatal: ").trim_start_matches("error: ");
    if reason.contains("No space left on device") || reason.contains("Disk quota exceeded") {
        return GitError::NoSpace(reason.to_owned());
    }
    if reason.contains(".lock': File exists") {
        return GitError::Locked(reason.to_owned());
    }
    let gone = reason.strip_prefix("not a git repository: '").and_then(|r| r.strip_suffix('\''));
    if let Some(gone) = gone {
        return GitError::Gone(PathBuf::from(gone));
    }
    match reason {
        "" => other(command, &format!("ended with {}", said.code)),
        reason => other(command, reason),
    }
}

pub(super) fn other(command: &str, reason: &str) -> GitError {
    GitError::Other { command: command.to_owned(), reason: reason.to_owned() }
}

/// The error of touching a file.
pub(super) fn io(what: &Path) -> impl Fn(std::io::Error) -> GitError {
    move |error| match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            GitError::NoSpace(what.display().to_string())
        }
        _ => other("files", &format!("{}: {error}", what.display())),
    }
}

/// The parts of an output that ends each of them with a NUL.
pub(super) fn parts(out: &[u8]) -> impl Iterator<Item = &[u8]> {
    out.split(|b| *b == 0).filter(|part| !part.is_empty())
}

/// A path of any bytes.
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// Paths as git reads them from its standard input.
pub(super) fn list<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let mut bytes = vec![];
    for path in paths {
        bytes.extend_from_slice(path.as_os_str().as_bytes());
        bytes.push(0);
    }
    bytes
}
