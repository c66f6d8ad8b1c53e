//! A gaia of its own for one test: its home, its tmux server, its daemon; nothing is left behind.

use std::{
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long anything may take before the test says what it saw.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct House {
    pub folder: tempfile::TempDir,
    /// More environment for whoever asks.
    pub env: Vec<(String, String)>,
    pub patience: Duration,
}

impl House {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("gh").tempdir_in("/tmp").unwrap();
        std::fs::create_dir(folder.path().join("w")).unwrap();
        Self { folder, env: vec![], patience: PATIENCE }
    }

    /// A house whose workspace holds this `gaia.toml`.
    pub fn with(definition: &str) -> Self {
        let house = Self::new();
        house.write("gaia.toml", definition);
        house
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("h")
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("w")
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.workspace().join(name), text).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gaia"));
        command.args(args).env_clear().current_dir(self.workspace());
        command.env("PATH", std::env::var("PATH").unwrap()).env("HOME", self.folder.path());
        command.env("GAIA_HOME", self.home()).env("SHELL", "/bin/sh").env("LANG", "C.UTF-8");
        command.envs(self.env.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    pub fn gaia(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command that must succeed; what it printed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.gaia(args);
        assert!(output.status.success(), "gaia {args:?}\n{}\n{}", seen(&output), self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// The reply of a command that must succeed.
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.ok(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}: {text}"))
    }

    /// Every pane of every session.
    pub fn panes(&self) -> Vec<Value> {
        let view = self.json(&["status"]);
        let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
        let windows = list(&view, "sessions").into_iter().flat_map(|s| list(&s, "windows"));
        windows.flat_map(|window| list(&window, "panes")).collect()
    }

    pub fn pane(&self, title: &str) -> Value {
        let found = self.panes().into_iter().find(|pane| pane["title"] == title);
        found.unwrap_or_else(|| panic!("no pane {title}: {:#?}", self.panes()))
    }

    pub fn tmux(&self, args: &[&str]) -> String {
        let socket = self.home().join("run/tmux/tmux.sock");
        let mut command = Command::new("tmux");
        command.args(["-u", "-N", "-S"]).arg(socket).args(args).env_remove("TMUX");
        let output = command.output().unwrap();
        if !output.status.success() {
            eprintln!("tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub fn server_pid(&self) -> Option<i32> {
        self.tmux(&["display-message", "-p", "#{pid}"]).parse().ok()
    }

    pub fn daemon_pid(&self) -> Option<i32> {
        let lock = std::fs::read_to_string(self.home().join("run/daemon.lock")).ok()?;
        let pid = lock.split(' ').nth(1)?.parse().ok()?;
        alive(pid).then_some(pid)
    }

    /// Kills the daemon as a crash does.
    pub fn crash(&self) {
        self.daemon_pid().expect("a daemon");
        self.end();
    }

    /// Ends the daemon as a crash does, if one is left.
    pub fn end(&self) {
        // The first thread of a dying one may be a zombie while the last still holds the socket; and
        // one that starts anew may have waited for the home that this one had.
        let socket = self.home().join("run/gaia.sock");
        until("the daemon is dead", || {
            let pid = self.daemon_pid();
            pid.into_iter().for_each(|pid| kill(pid, "KILL"));
            pid.is_none() && UnixStream::connect(&socket).is_err()
        });
    }

    /// The bytes of a pane's log.
    pub fn log_of(&self, unit: &str) -> Vec<u8> {
        let folder = self.home().join("units").join(unit).join("log");
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|kind| kind == "out"));
        files.sort();
        files.into_iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    pub fn log(&self) -> String {
        let read = |name: &str| {
            std::fs::read_to_string(self.home().join("logs").join(name)).unwrap_or_default()
        };
        format!("--- daemon.log\n{}{}", read("daemon.log"), read("daemon.err"))
    }

    pub fn until(&self, what: &str, mut check: impl FnMut() -> bool) {
        let start = Instant::now();
        while !check() {
            assert!(
                start.elapsed() < self.patience,
                "never: {what}\n{:#?}\n{}",
                self.panes(),
                self.log()
            );
            std::thread::yield_now();
        }
    }

    fn shims(&self) -> Vec<i32> {
        let folder = self.folder.path();
        let of = |pid: &i32| {
            let names = |file: &str| {
                let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
                String::from_utf8_lossy(&text).contains(folder.to_str().unwrap())
            };
            names("cmdline") || names("environ")
        };
        processes().into_iter().filter(of).collect()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(pid) = self.daemon_pid() {
            kill(pid, "KILL");
        }
        // Everything whose command line or environment names this folder is this test's: shims, tmux,
        // clients, programs and what those left behind.
        for pid in self.shims() {
            kill(pid, "KILL");
        }
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// Waits until a condition holds.
pub fn until(what: &str, mut check: impl FnMut() -> bool) {
    let start = Instant::now();
    while !check() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}

pub fn processes() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

pub fn alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

pub fn kill(pid: i32, signal: &str) {
    let _ = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).output();
}

/// Exit code, output and errors in one picture.
pub fn seen(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "exit {}\n--- out\n{}--- err\n{}",
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// A number out of JSON.
pub fn number(value: &Value) -> i32 {
    i32::try_from(value.as_i64().unwrap_or_else(|| panic!("no number: {value}"))).unwrap()
}
