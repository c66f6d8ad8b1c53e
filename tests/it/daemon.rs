//! The daemon: one per home, started on demand, ended without loss.

use insta::assert_snapshot;

use crate::house::{House, alive, kill, seen, until};

#[test]
fn the_first_command_starts_it_and_a_restart_touches_no_pane() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    let (daemon, pane) = (house.daemon_pid().unwrap(), house.pane("shell"));

    house.ok(&["daemon", "restart"]);

    assert_ne!(house.daemon_pid().unwrap(), daemon);
    assert_eq!(house.pane("shell")["pid"], pane["pid"]);
}

#[test]
fn two_commands_at_once_start_one_daemon() {
    let house = House::new();
    let both: Vec<_> = (0..4).map(|_| house.command(&["status"]).spawn().unwrap()).collect();
    for mut child in both {
        assert!(child.wait().unwrap().success());
    }
    let second = house.gaia(&["daemon", "run"]);
    assert_eq!(second.status.code(), Some(1), "{}", seen(&second));
    assert!(String::from_utf8_lossy(&second.stderr).contains("runs already"), "{}", seen(&second));
}

#[test]
fn a_term_ends_it_and_no_fact_is_missing() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    let before = house.json(&["ledger", "show"]).as_array().unwrap().len();
    let daemon = house.daemon_pid().unwrap();
    kill(daemon, "TERM");
    until("the daemon has ended", || !alive(daemon));
    let after = house.json(&["ledger", "show"]).as_array().unwrap().len();
    assert!(after >= before, "{after} < {before}");
}

#[test]
fn without_a_daemon_the_status_says_so() {
    let house = House::new();
    let output = house.gaia(&["daemon", "status"]);
    let text = seen(&output).replace(house.home().to_str().unwrap(), "HOME");
    assert_snapshot!(text, @r"
    exit 6
    --- out
    --- err
    error: no daemon answers on HOME/run/gaia.sock
    help: start it with `gaia daemon start`
    ");
    assert_snapshot!(seen(&house.gaia(&["daemon", "stop"])), @r"
    exit 0
    --- out
    no daemon runs
    --- err
    ");
}

#[test]
fn its_sockets_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    let mode = |path: &str| {
        let path = house.home().join(path);
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777
    };
    let unit = house.pane("shell")["id"].as_str().unwrap().to_owned();
    for (path, wanted) in [
        ("", 0o700),
        ("run", 0o700),
        ("store", 0o700),
        ("run/gaia.sock", 0o600),
        ("run/hello.sock", 0o600),
        (&format!("units/{unit}"), 0o700),
        (&format!("units/{unit}/shim.sock"), 0o600),
        (&format!("units/{unit}/spec.json"), 0o600),
    ] {
        assert_eq!(mode(path), wanted, "{path}");
    }
}
