//! The shim alone, without a daemon, in a tmux server of the test's own.

use std::{
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::house::{alive, kill, until};

/// A unit folder and a tmux server to show it in.
pub struct Unit {
    folder: tempfile::TempDir,
}

impl Unit {
    pub fn new(argv: &[&str], change: Value) -> Self {
        let folder = tempfile::Builder::new().prefix("gu").tempdir_in("/tmp").unwrap();
        let mut spec = json!({
            "v": 1, "id": "p000000000000", "rev": 1, "argv": argv, "cwd": "/tmp",
            "env": { "PATH": std::env::var("PATH").unwrap() },
            "on_server_exit": "keep", "on_exit": "close",
            "stop": { "signal": 15, "grace_ms": 500 },
            "log": { "segment_bytes": 1 << 20, "keep_bytes": 1_u64 << 31 }, "hello": null,
        });
        for (key, value) in change.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let unit = Self { folder };
        std::fs::create_dir(unit.path("u")).unwrap();
        std::fs::write(unit.path("u/spec.json"), spec.to_string()).unwrap();
        unit
    }

    /// Changes the spec before it is run.
    pub fn change(&self, change: &Value) {
        let mut spec = self.json("spec.json").unwrap();
        for (key, value) in change.as_object().unwrap() {
            spec[key] = value.clone();
        }
        std::fs::write(self.path("u/spec.json"), spec.to_string()).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn tmux(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(self.path("t")).args(args);
        let output = command.env_remove("TMUX").stdin(Stdio::null()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Shows the unit by a program that becomes the shim.
    pub fn show_by(&self, program: &[&str]) {
        let (gaia, folder) = (env!("CARGO_BIN_EXE_gaia"), self.path("u"));
        let shim = [gaia, "pane", folder.to_str().unwrap()];
        self.tmux(
            &[&["new-session", "-d", "-s", "by", "-x", "90", "-y", "20"], program, &shim].concat(),
        );
    }

    /// Shows the unit in a new session beside one that keeps the server.
    pub fn show(&self, name: &str) {
        self.tmux(&["new-session", "-d", "-s", "keeper", "sleep", "100000"]);
        let (gaia, folder) = (env!("CARGO_BIN_EXE_gaia"), self.path("u"));
        let folder = folder.to_str().unwrap();
        self.tmux(&["new-session", "-d", "-s", name, "-x", "90", "-y", "20", gaia, "pane", folder]);
    }

    pub fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(&std::fs::read(self.path("u").join(name)).ok()?).ok()
    }

    pub fn exit(&self) -> Value {
        until("there is an exit record", || self.json("exit.json").is_some());
        self.json("exit.json").unwrap()
    }

    pub fn child(&self) -> i32 {
        let pid = || self.json("claim.json").and_then(|c| c["child"]["pid"].as_i64());
        until("the program runs", || pid().is_some());
        i32::try_from(pid().unwrap()).unwrap()
    }

    pub fn shim(&self) -> i32 {
        self.child();
        i32::try_from(self.json("claim.json").unwrap()["shim"]["pid"].as_i64().unwrap()).unwrap()
    }

    pub fn log(&self) -> Vec<u8> {
        let mut files: Vec<_> = std::fs::read_dir(self.path("u/log"))
            .map(|dir| dir.map(|e| e.unwrap().path()).collect())
            .unwrap_or_default();
        files.retain(|path: &PathBuf| path.extension().is_some_and(|e| e == "out"));
        files.sort();
        files.into_iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
    }

    pub fn has_said(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.log()).contains(text)
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        if let Some(claim) = self.json("claim.json") {
            for who in ["shim", "child"] {
                if let Some(pid) = claim[who]["pid"].as_i64() {
                    kill(i32::try_from(pid).unwrap(), "KILL");
                }
            }
        }
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn exits_are_told_as_they_were() {
    for (script, code, signal) in [
        ("exit 0", Some(0), None),
        ("exit 137", Some(137), None),
        ("kill -KILL $$", None, Some(9)),
        ("kill -SEGV $$", None, Some(11)),
    ] {
        let unit = Unit::new(&["sh", "-c", script], json!({}));
        unit.show("a");
        let exit = unit.exit();
        assert_eq!((exit["code"].as_i64(), exit["signal"].as_i64()), (code, signal), "{script}");
        assert_eq!(exit["reason"], "exited");
    }
}

#[test]
fn the_log_has_the_last_byte_of_a_burst() {
    let unit = Unit::new(&["sh", "-c", "seq 1 300000; printf END"], json!({}));
    unit.show("a");
    let exit = unit.exit();
    let log = unit.log();
    assert_eq!(exit["log_end"].as_u64().unwrap(), log.len() as u64);
    let wanted: String = (1..=300_000).map(|n| format!("{n}\r\n")).collect::<String>() + "END";
    assert!(log == wanted.as_bytes(), "{} bytes instead of {}", log.len(), wanted.len());
    let segments = std::fs::read_dir(unit.path("u/log")).unwrap().count();
    assert!(segments > 2, "it was rotated on the way");
}

#[test]
fn bytes_that_are_no_text_are_kept_as_they_are() {
    let unit = Unit::new(&["sh", "-c", r"printf '\377\200\033[31\033]0;never ends'"], json!({}));
    unit.show("a");
    unit.exit();
    assert_eq!(unit.log(), b"\xff\x80\x1b[31\x1b]0;never ends");
}

#[test]
fn a_pane_closed_by_hand_ends_the_whole_tree() {
    let script = "trap '' HUP TERM; setsid sleep 7777 & setsid sh -c 'trap \"\" TERM HUP; sleep 7778' & echo up; wait; sleep 7779";
    let unit = Unit::new(&["sh", "-c", script], json!({}));
    unit.show("a");
    until("it runs", || unit.has_said("up"));
    let shim = unit.shim();
    let family = || {
        crate::house::processes()
            .into_iter()
            .filter(|pid| {
                let environ = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                let text = String::from_utf8_lossy(&environ).into_owned();
                ["7777", "7778", "7779"].iter().any(|n| text.contains(n))
                    && text.starts_with("sleep")
            })
            .filter(|pid| is_below(*pid, shim))
            .collect::<Vec<_>>()
    };
    until("its children run", || family().len() >= 2);
    let all = family();

    unit.tmux(&["kill-session", "-t", "a"]);

    assert_eq!(unit.exit()["reason"], "hangup");
    until("nobody is left", || !alive(shim) && all.iter().all(|pid| !alive(*pid)));
}

fn is_below(mut pid: i32, ancestor: i32) -> bool {
    while pid > 1 {
        if pid == ancestor {
            return true;
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent =
            stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        pid = parent.unwrap_or(0);
    }
    false
}

#[test]
fn a_dead_server_keeps_the_program_and_a_new_one_shows_it() {
    let unit = Unit::new(&["sh", "-c", "echo first; read x; echo got $x; read y"], json!({}));
    unit.show("a");
    until("it runs", || unit.has_said("first"));
    let (child, server) = (unit.child(), unit.tmux(&["display-message", "-p", "#{pid}"]));
    let server: i32 = server.parse().unwrap();

    kill(server, "KILL");
    until("the server is dead", || !alive(server));
    unit.show("b");

    until("the old output is shown", || {
        unit.tmux(&["capture-pane", "-p", "-t", "b"]).contains("first")
    });
    unit.tmux(&["send-keys", "-t", "b", "hello", "Enter"]);
    until("keys arrive", || unit.has_said("got hello"));
    assert!(alive(child));
    unit.tmux(&["kill-session", "-t", "b"]);
    assert_eq!(unit.exit()["reason"], "hangup");
}

#[test]
fn a_second_pane_that_is_closed_while_it_paints_ends_the_program() {
    let unit = Unit::new(&["sh", "-c", "echo first; read x; exec yes"], json!({}));
    unit.show("a");
    until("it runs", || unit.has_said("first"));
    let server: i32 = unit.tmux(&["display-message", "-p", "#{pid}"]).parse().unwrap();
    kill(server, "KILL");
    until("the server is dead", || !alive(server));
    unit.show("b");
    let screen = || unit.tmux(&["capture-pane", "-p", "-t", "b"]);
    until("the old output is shown", || screen().contains("first"));
    unit.tmux(&["send-keys", "-t", "b", "x", "Enter"]);
    until("it floods", || screen().matches("y\n").count() > 5);
    unit.tmux(&["kill-session", "-t", "b"]);
    assert_eq!(unit.exit()["reason"], "hangup");
}

#[test]
fn a_dead_server_stops_the_program_if_that_is_its_rule() {
    let unit = Unit::new(&["sleep", "1000"], json!({ "on_server_exit": "stop" }));
    unit.show("a");
    let child = unit.child();
    kill(unit.tmux(&["display-message", "-p", "#{pid}"]).parse().unwrap(), "KILL");
    assert_eq!(unit.exit()["reason"], "server-exit");
    until("it is dead", || !alive(child));
}

#[test]
fn the_program_dies_with_its_shim() {
    let unit = Unit::new(&["sleep", "1000"], json!({}));
    unit.show("a");
    let (child, shim) = (unit.child(), unit.shim());
    kill(shim, "KILL");
    until("the program died too", || !alive(child));
    assert!(unit.json("exit.json").is_none());
}

#[test]
fn a_program_gets_clean_signals_its_limits_and_nothing_else() {
    let script = "grep -E 'SigBlk|SigIgn' /proc/self/status; ulimit -n; ls /proc/self/fd | wc -l; env | sort | cut -d= -f1 | tr '\\n' ' '; stty size";
    let unit = Unit::new(&["sh", "-c", script], json!({ "limits": { "nofile": 77, "core": 0 } }));
    unit.show("a");
    unit.exit();
    let log = String::from_utf8(unit.log()).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines[0], "SigBlk:\t0000000000000000", "{log}");
    // Signals 32 and 33 belong to the C library, which lets nobody set them.
    let ignored = u64::from_str_radix(lines[1].trim_start_matches("SigIgn:\t"), 16).unwrap();
    assert_eq!(ignored & !(0b11 << 31), 0, "{log}");
    assert_eq!(lines[2], "77", "{log}");
    assert_eq!(lines[3].trim(), "4", "{log}");
    assert!(lines[4].contains("PATH") && lines[4].contains("TERM") && lines[4].contains("TMUX"));
    assert!(lines[4].ends_with("20 90"), "{log}");
}

#[test]
fn what_cannot_be_started_says_why() {
    for (argv, cwd, wanted) in [
        (&["no-such-program-here"][..], "/tmp", "there is no program"),
        (&["true"], "/nowhere", "the folder /nowhere does not exist"),
        (&["/etc/passwd"], "/tmp", "cannot be started"),
    ] {
        let unit = Unit::new(argv, json!({ "cwd": cwd }));
        unit.show("a");
        let exit = unit.exit();
        assert_eq!(exit["code"], 127, "{exit}");
        assert!(exit["reason"]["not-started"].as_str().unwrap().contains(wanted), "{exit}");
    }
}

#[test]
fn its_files_are_the_owners_alone() {
    let unit = Unit::new(&["sleep", "1000"], json!({}));
    unit.show("a");
    unit.child();
    for name in ["claim.json", "lock", "shim.sock", "log/0000000000000000.out"] {
        let mode = std::fs::metadata(unit.path("u").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_kept_pane_runs_again_on_a_key() {
    let unit = Unit::new(&["sh", "-c", "echo life; exit 4"], json!({ "on_exit": "keep" }));
    unit.show("a");
    assert_eq!(unit.exit()["code"], 4);
    until("it says so", || unit.tmux(&["capture-pane", "-p", "-t", "a"]).contains("exited with 4"));
    unit.tmux(&["send-keys", "-t", "a", "r"]);
    until("a second life ended", || unit.json("exit.json").is_some_and(|e| e["incarnation"] == 2));
    assert_eq!(unit.log(), b"life\r\nlife\r\n");
    let shim = unit.json("claim.json").unwrap()["shim"]["pid"].as_i64().unwrap();
    unit.tmux(&["send-keys", "-t", "a", "q"]);
    until("the shim leaves", || !alive(i32::try_from(shim).unwrap()));
}
