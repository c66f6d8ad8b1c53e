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
fn a_daemon_that_ends_leaves_no_empty_tmux_server() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    let server = house.server_pid().unwrap();
    house.ok(&["daemon", "stop"]);
    assert!(alive(server), "it shows a session");
    house.ok(&["session", "kill", "demo"]);
    house.ok(&["daemon", "stop"]);
    until("the server has ended", || !alive(server));
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
        ("run/tmux", 0o700),
        ("run/gaia.sock", 0o600),
        ("run/hello.sock", 0o600),
        (&format!("units/{unit}"), 0o700),
        (&format!("units/{unit}/shim.sock"), 0o600),
        (&format!("units/{unit}/spec.json"), 0o600),
    ] {
        assert_eq!(mode(path), wanted, "{path}");
    }
}

/// A daemon of another version, as far as one answer goes.
#[test]
fn another_version_is_named_with_the_way_out() {
    use std::io::{Read, Write};
    let house = House::new();
    std::fs::create_dir_all(house.home().join("run")).unwrap();
    let listener =
        std::os::unix::net::UnixListener::bind(house.home().join("run/gaia.sock")).unwrap();
    let daemon = std::thread::spawn(move || {
        // One connection asks whether anybody listens, the next ones ask.
        for stream in listener.incoming().take(3) {
            let mut stream = stream.unwrap();
            let mut text = [0; 4096];
            if stream.read(&mut text).unwrap_or(0) == 0 {
                continue;
            }
            let body = r#"{"sessions":[]}"#;
            let head =
                "HTTP/1.1 200 OK\r\nx-gaia-version: 99.0.0\r\ncontent-type: application/json";
            let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
    });
    let output = house.gaia(&["status"]);
    assert!(output.status.success(), "{}", seen(&output));
    assert!(seen(&output).contains("note: the daemon is gaia 99.0.0"), "{}", seen(&output));
    assert!(seen(&output).contains("gaia daemon restart"), "{}", seen(&output));
    daemon.join().unwrap();
}

#[test]
fn a_control_client_that_dies_is_replaced() {
    let house = House::new();
    house.ok(&["session", "new", "one"]);
    let client = || {
        let clients = house.tmux(&["list-clients", "-F", "#{client_pid} #{client_control_mode}"]);
        clients.lines().find_map(|line| line.strip_suffix(" 1")?.parse::<i32>().ok())
    };
    let first = client().unwrap();
    kill(first, "KILL");
    house.ok(&["session", "new", "two"]);
    house.ok(&["session", "send", "two", "echo $((6*7))"]);
    house.until("it works as before", || {
        house.ok(&["session", "capture", "two"]).lines().any(|line| line == "42")
    });
    house.until("there is another", || client().is_some_and(|pid| pid != first));
}

#[test]
fn the_api_over_tcp_is_for_those_who_know_the_token() {
    use std::io::{Read, Write};
    let house = House::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    std::fs::create_dir_all(house.home()).unwrap();
    let settings = format!("[api]\ntcp = \"127.0.0.1:{port}\"\n");
    std::fs::write(house.home().join("config.toml"), settings).unwrap();
    house.ok(&["daemon", "start"]);
    let token = std::fs::read_to_string(house.home().join("run/token")).unwrap();
    let ask = |headers: &str| {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "GET /v1/status HTTP/1.1\r\n{headers}connection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let auth = format!("authorization: Bearer {token}\r\n");
    assert_eq!(ask(&format!("host: 127.0.0.1:{port}\r\n{auth}")), 200);
    assert_eq!(ask(&format!("host: 127.0.0.1:{port}\r\n")), 403);
    assert_eq!(ask(&format!("host: evil.example\r\n{auth}")), 403);
    assert_eq!(ask(&format!("host: localhost\r\norigin: http://evil.example\r\n{auth}")), 403);
    let other =
        house.command(&["daemon", "restart"]).env("GAIA_API_TCP", "0.0.0.0:1").output().unwrap();
    assert!(seen(&other).contains("is no loopback address"), "{}", seen(&other));
}

#[test]
fn the_doctor_works_without_a_daemon_and_names_what_was_left_behind() {
    let house = House::new();
    let findings = |house: &House| {
        let output = house.gaia(&["doctor", "--json"]);
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap().to_string()
    };
    assert!(findings(&house).contains("none runs"));
    assert_eq!(house.daemon_pid(), None, "it started one");
    house.ok(&["session", "new", "demo"]);
    let unit = house.pane("shell")["id"].as_str().unwrap().to_owned();
    let claim = house.home().join("units").join(&unit).join("claim.json");
    let claim: serde_json::Value = serde_json::from_slice(&std::fs::read(claim).unwrap()).unwrap();
    house.crash();
    kill(i32::try_from(claim["shim"]["pid"].as_i64().unwrap()).unwrap(), "KILL");
    until("the doctor sees it", || {
        let found = findings(&house);
        found.contains(&format!("the shim of pane {unit} was killed"))
            && found.contains("gaia.sock")
    });
}
