use std::{
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    process::Command,
};

use serde_json::json;

use crate::house::{House, fed, text};

/// A home with a guard for `git`, and a `git` behind it that says how it was called.
struct Guarded {
    house: House,
    guard: PathBuf,
}

impl Guarded {
    fn new(rules: &str) -> Self {
        let house = House::new();
        let guard = house.root.path().join("guard");
        std::fs::create_dir(&guard).unwrap();
        symlink(env!("CARGO_BIN_EXE_gaia"), guard.join("git")).unwrap();
        let real = house.write("bin/git", "#!/bin/sh\necho real \"$0\" \"$@\"\nexit 7\n");
        std::fs::set_permissions(&real, PermissionsExt::from_mode(0o755)).unwrap();
        house.write("rules.json", rules);
        Self { house, guard }
    }

    fn path(&self, folders: &[&str]) -> String {
        let folder = |name: &&str| match *name {
            "guard" => self.guard.display().to_string(),
            name => self.house.root.path().join(name).display().to_string(),
        };
        folders
            .iter()
            .map(folder)
            .chain(["/usr/bin".into(), "/bin".into()])
            .collect::<Vec<_>>()
            .join(":")
    }

    fn call(&self, line: &str, path: &[&str]) -> Command {
        let mut command = self.house.command("/bin/sh", &["-c", line]);
        command.env("PATH", self.path(path));
        command.env("GAIA_GUARD", self.house.root.path().join("rules.json"));
        command
    }
}

const RULES: &str = r#"{"deny": ["git push"], "allow": []}"#;

#[test]
fn a_denied_command_is_refused_and_told() {
    let guarded = Guarded::new(RULES);
    let daemon = guarded.house.daemon().says("/v1/self/refused", json!({}));
    let done = fed(&mut guarded.call("git -C . push origin main", &["guard", "bin"]), b"");
    assert_eq!(done.status.code(), Some(126));
    let said = text(&done.stderr);
    assert!(said.contains("by the rule `git push`") && said.contains("finish the task"), "{said}");
    assert!(done.stdout.is_empty());
    let body = json!({"what": "git -C . push origin main", "rule": "git push"});
    assert_eq!(daemon.asked(), [("/v1/self/refused".to_owned(), body)]);
}

#[test]
fn a_denied_command_is_refused_without_a_daemon_too() {
    let guarded = Guarded::new(RULES);
    let done = fed(&mut guarded.call("git push", &["guard", "bin"]), b"");
    assert_eq!(done.status.code(), Some(126));
}

#[test]
fn an_allowed_command_becomes_the_program_behind_the_guard() {
    let guarded = Guarded::new(RULES);
    let real = guarded.house.root.path().join("bin/git").display().to_string();
    for path in
        [&["guard", "bin"][..], &["guard", "guard", "bin"], &["guard", "missing", "guard", "bin"]]
    {
        let done = fed(&mut guarded.call("git status 'a b'", path), b"");
        assert_eq!(text(&done.stdout), format!("real {real} status a b\n"), "{path:?}: {done:?}");
        assert_eq!(done.status.code(), Some(7));
    }
    let by_path = format!("{}/git log", guarded.guard.display());
    let done = fed(&mut guarded.call(&by_path, &["bin"]), b"");
    assert_eq!(text(&done.stdout), format!("real {real} log\n"));
}

#[test]
fn a_second_link_to_the_guard_is_no_way_round_and_no_circle() {
    let guarded = Guarded::new(RULES);
    let other = guarded.house.root.path().join("other");
    std::fs::create_dir(&other).unwrap();
    symlink(env!("CARGO_BIN_EXE_gaia"), other.join("git")).unwrap();
    let done = fed(&mut guarded.call("git status", &["guard", "other", "bin"]), b"");
    assert_eq!(done.status.code(), Some(7), "{done:?}");
    let nothing = "PATH=${PATH%%:*}; git status";
    let done = fed(&mut guarded.call(nothing, &["guard"]), b"");
    assert_eq!(done.status.code(), Some(127), "{done:?}");
}

#[test]
fn rules_that_cannot_be_read_let_nothing_through() {
    for rules in ["", "{", r#"{"deny": [""]}"#] {
        let guarded = Guarded::new(rules);
        let done = fed(&mut guarded.call("git status", &["guard", "bin"]), b"");
        assert_eq!(done.status.code(), Some(126), "{rules}: {done:?}");
    }
}

#[test]
fn gaia_itself_is_no_guard() {
    let guarded = Guarded::new(RULES);
    let mut command = guarded.house.gaia(&["hook", "Stop"]);
    command.env("GAIA_GUARD", guarded.house.root.path().join("rules.json"));
    let daemon = guarded.house.daemon().says("/v1/self/hook", json!({"print": "", "exit": 0}));
    assert!(fed(&mut command, b"{}").status.success());
    assert_eq!(daemon.asked().len(), 1);
}

#[test]
fn how_long_the_guard_takes() {
    let guarded = Guarded::new(RULES);
    std::fs::write(guarded.house.root.path().join("bin/git"), "").unwrap();
    std::fs::remove_file(guarded.house.root.path().join("bin/git")).unwrap();
    symlink("/bin/true", guarded.house.root.path().join("bin/git")).unwrap();
    let time = |program: PathBuf| {
        let mut times: Vec<_> = (0..50)
            .map(|_| {
                let mut command =
                    guarded.house.command(&program.display().to_string(), &["status"]);
                command.env("PATH", guarded.path(&["guard", "bin"]));
                command.env("GAIA_GUARD", guarded.house.root.path().join("rules.json"));
                let start = std::time::Instant::now();
                assert!(command.status().unwrap().success());
                start.elapsed()
            })
            .collect();
        times.sort();
        times[25]
    };
    println!(
        "true: {:?}, guarded: {:?}",
        time("/bin/true".into()),
        time(guarded.guard.join("git"))
    );
}
