//! Programs that go to the background by themselves.

use super::Own;
use crate::house::{House, alive, kill, number};

/// Forks twice, as daemons do; `LATE` before the pid file is written.
const DAEMON: &str = r#"
import os, sys, time
if os.fork(): sys.exit(0)
os.setsid()
if os.fork(): sys.exit(0)
BEFORE
open('pid', 'w').write(f'{os.getpid()}\n')
print('it is', os.getpid(), flush=True)
while True: time.sleep(1000)
"#;

fn daemon(before: &str) -> String {
    let program = super::python(&DAEMON.replace("BEFORE", before));
    format!(
        "[services.a]\ntype = \"forking\"\npid_file = \"pid\"\n{program}\nstop.grace = \"300ms\"\n"
    )
}

#[test]
fn a_daemon_is_followed_and_its_death_is_seen() {
    let house = House::serving(&daemon(""));
    let service = house.service("a");
    let pid = number(&service["pid"]);
    assert_eq!(std::fs::read_to_string(house.path("pid")).unwrap().trim(), pid.to_string());
    assert_eq!(service["incarnation"], 1);

    kill(pid, "KILL");
    let service = house.until_service("a", "another daemon runs", |a| {
        a["phase"] == "running" && a["pid"].is_i64() && a["pid"] != pid
    });
    assert_eq!((&service["restarts"], &service["incarnation"]), (&1.into(), &2.into()));
    assert_eq!(service["exit"]["how"]["signal"], 9);
    let pid = number(&service["pid"]);
    assert!(house.written("a").contains(&format!("it is {pid}")));

    house.ok(&["service", "stop", "a", "--wait"]);
    assert!(!alive(pid));
    assert_eq!(house.service("a")["exit"]["how"]["stopped"], serde_json::json!([null, 15]));
    house.nothing_left("a");
}

#[test]
fn a_stale_pid_file_never_makes_a_stranger_ours() {
    let mut stranger = Own::run(&["sh", "-c", "echo; exec sleep 1000"]);
    // The one writes its file late, the other never.
    let never = daemon("time.sleep(1000)").replace("services.a", "services.b");
    let never = never.replace("pid_file = \"pid\"", "pid_file = \"stale\"");
    let late = daemon("while not os.path.exists('go'): time.sleep(0.01)");
    let house = House::declaring(&format!("{late}{never}"));
    house.write("pid", &stranger.pid().to_string());
    house.write("stale", &stranger.pid().to_string());
    house.ok(&["up"]);
    for name in ["a", "b"] {
        house.until_service(name, "only its daemon is left", |_| {
            let all = house.processes_of(name);
            all.len() == 1
                && Some(&all[0]) != house.service(name)["pid"].as_i64().map(|p| p as i32).as_ref()
        });
        assert_ne!(house.service(name)["pid"], stranger.pid());
    }
    house.write("go", "");
    house.until_written("a", "it is");
    house.until_service("a", "its own daemon is followed", |a| {
        a["pid"].is_i64() && house.processes_of("a") == [number(&a["pid"])]
    });

    house.ok(&["down"]);
    assert!(stranger.lives());
    house.nothing_left("a");
    house.nothing_left("b");
}

#[test]
fn a_daemon_that_was_adopted_is_still_followed() {
    let house = House::serving(&daemon(""));
    let pid = number(&house.service("a")["pid"]);
    house.crash();
    assert_eq!(house.service("a")["pid"], pid);
    assert_eq!(house.service("a")["incarnation"], 1);
    kill(pid, "TERM");
    let service = house.until_service("a", "another daemon runs", |a| {
        a["phase"] == "running" && a["pid"].is_i64() && a["pid"] != pid
    });
    assert_eq!(service["exit"]["how"]["signal"], 15);
    house.ok(&["down"]);
    house.nothing_left("a");
}
