//! Secrets reach the program that wants them, and nobody else.

use std::{os::unix::fs::PermissionsExt, process::Output};

use crate::house::{House, processes, seen};

const SERVICES: &str = r#"
    [services.a]
    run = "echo $FILE $ENV $COMMAND > got; echo has all; exec sleep 1000"
    probe.ready.log = "has all"
    [services.a.secrets]
    FILE = { file = "secret.txt" }
    ENV = { env = "TOKEN" }
    COMMAND = { command = ["./ask"] }
    [services.b]
    run = "env; echo end; exec sleep 1000"
    probe.ready.log = "end"
"#;

fn house() -> House {
    let house = House::declaring(SERVICES);
    house.write("secret.txt", "of-the-file-hushhush\n");
    house.write("ask", "#!/bin/sh\necho of-the-command-hushhush\n");
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(house.path("ask"), mode).unwrap();
    house
}

/// What the program of `a` got.
fn got(house: &House) -> String {
    std::fs::read_to_string(house.path("got")).unwrap()
}

const ALL: &str = "of-the-file-hushhush of-the-caller-hushhush of-the-command-hushhush\n";

fn up(house: &House) -> Output {
    let mut up = house.command(&["up", "--wait", "--timeout", "20s"]);
    up.env("TOKEN", "of-the-caller-hushhush").output().unwrap()
}

/// Files below a folder that hold the word of all secrets, and are not for their owner alone.
fn open_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = all.filter(|entry| entry.file_type().is_file());
    let tells = |path: &std::path::PathBuf| {
        let text = std::fs::read(path).unwrap_or_default();
        let open = std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0);
        open && text.windows(8).any(|part| part == b"hushhush")
    };
    files.map(walkdir::DirEntry::into_path).filter(tells).collect()
}

#[test]
fn a_secret_is_seen_by_its_service_alone() {
    let house = house();
    let up = up(&house);
    assert!(up.status.success() && !seen(&up).contains("hushhush"), "{}", seen(&up));
    assert_eq!(got(&house), ALL);

    for args in [
        &["ledger", "show", "--json"][..],
        &["service", "show", "a", "--json"],
        &["service", "events", "a", "--json"],
        &["status", "--json"],
        &["service", "logs", "a", "b"],
    ] {
        assert!(!house.ok(args).contains("hushhush"), "{args:?}");
    }
    for args in [&["show-environment", "-g"][..], &["show-environment", "-t", "=s"]] {
        let shown = house.tmux(args);
        assert!(!shown.is_empty() && !shown.contains("hushhush"), "{shown}");
    }
    let read = |pid: i32, file: &str| {
        let text = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        String::from_utf8_lossy(&text).replace('\0', " ")
    };
    for pid in processes() {
        assert!(!read(pid, "cmdline").contains("hushhush"), "{}", read(pid, "cmdline"));
    }
    // The daemon itself has the environment of its first caller; nobody gets that from it.
    let shims = processes().into_iter().filter(|pid| read(*pid, "cmdline").contains("gaia pane "));
    for pid in shims.chain(house.processes_of("b")).chain(house.server_pid()) {
        assert!(!read(pid, "environ").contains("hushhush"), "{}", read(pid, "cmdline"));
    }
    let open = open_files(&house.home());
    assert!(open.is_empty(), "{open:?}");
    house.ok(&["down"]);
}

#[test]
fn a_restart_reads_secrets_anew_and_a_daemon_that_comes_back_still_knows_them() {
    let house = house();
    assert!(up(&house).status.success());
    house.crash();
    std::fs::remove_file(house.path("got")).unwrap();
    house.ok(&["service", "restart", "a", "--wait", "--timeout", "20s"]);
    assert_eq!(got(&house), ALL);
    house.write("secret.txt", "another");
    house.ok(&["service", "restart", "a", "--wait", "--timeout", "20s"]);
    assert_eq!(got(&house), ALL.replace("of-the-file-hushhush", "another"));
}

#[test]
fn a_secret_that_is_not_there_is_refused_with_its_name_and_nothing_else() {
    let house = house();
    std::fs::remove_file(house.path("secret.txt")).unwrap();
    let refused = up(&house);
    assert_eq!(refused.status.code(), Some(2), "{}", seen(&refused));
    assert!(seen(&refused).contains("secrets.FILE: the file") && house.panes().is_empty());
    house.write("secret.txt", "x");
    let refused = house.gaia(&["up"]);
    assert!(seen(&refused).contains("secrets.ENV: TOKEN is not set where `gaia up` was run"));
    assert!(house.panes().is_empty() && house.services().is_empty());

    house.write("ask", "#!/bin/sh\necho half of-the-command-hushhush\nexit 3\n");
    let failed = up(&house);
    assert_eq!(failed.status.code(), Some(1), "{}", seen(&failed));
    let why = house.service("a")["why"].to_string();
    assert!(
        why.contains("secret") && why.contains("ended with 3") && !why.contains("hushhush"),
        "{why}"
    );
    assert!(!seen(&failed).contains("hushhush"));
    assert!(!house.ok(&["ledger", "show", "--json"]).contains("hushhush"));
}
