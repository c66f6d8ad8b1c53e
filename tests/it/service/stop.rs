//! Stops: whatever a program does against it, nothing of it is left.

use super::python;
use crate::house::{House, kill, number, until};

/// A stop that must leave nothing; how the program ended.
fn stops(services: &str) -> serde_json::Value {
    let house = House::serving(services);
    assert!(!house.processes_of("a").is_empty());
    house.ok(&["service", "stop", "a", "--wait"]);
    let service = house.service("a");
    assert_eq!(service["phase"], "down", "{service:#}");
    house.nothing_left("a");
    assert!(house.facts("failed", "a").is_empty() && house.facts("straggled", "a").is_empty());
    service["exit"]["how"]["stopped"].clone()
}

#[test]
fn one_that_ignores_term_dies_after_its_grace_time() {
    let ended = stops(
        "[services.a]\nrun = \"trap '' TERM INT HUP; echo up; while :; do sleep 0.05; done\"\nprobe.ready.log = \"up\"\nstop.grace = \"200ms\"\n",
    );
    assert_eq!(ended, serde_json::json!([null, 9]));
}

#[test]
fn a_child_that_ignores_term_does_not_outlive_its_leader() {
    let ended = stops(
        "[services.a]\nrun = \"sh -c \\\"trap '' TERM HUP; echo up; exec sleep 1000\\\" & trap 'exit 5' TERM; wait\"\nprobe.ready.log = \"up\"\nstop.grace = \"200ms\"\n",
    );
    assert_eq!(ended, serde_json::json!([5, null]));
}

#[test]
fn a_child_in_a_session_of_its_own_is_gone_after_a_stop() {
    let program = r"
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        print('away', flush=True)
    time.sleep(1000)
time.sleep(1000)
";
    stops(&format!(
        "[services.a]\n{}\nprobe.ready.log = \"away\"\nstop.grace = \"200ms\"\n",
        python(program)
    ));
}

#[test]
fn a_code_of_its_own_on_term_is_a_stop_and_no_failure() {
    let services = "[services.a]\nrun = \"trap 'exit 143' TERM; echo up; while :; do sleep 0.01; done\"\nprobe.ready.log = \"up\"\n";
    assert_eq!(stops(services), serde_json::json!([143, null]));

    // The same end that nobody asked for is one.
    let house = House::serving(services);
    kill(number(&house.service("a")["pid"]), "TERM");
    house.until_service("a", "it is started again", |a| a["restarts"] == 1 && a["pid"].is_i64());
    assert_eq!(house.facts("exited", "a")[0]["ended"]["how"]["code"], 143);
}

#[test]
fn a_second_stop_does_not_wait_for_the_grace_time() {
    let house = House::serving(
        "[services.a]\nrun = \"trap '' TERM; echo up; while :; do sleep 0.05; done\"\nprobe.ready.log = \"up\"\nstop.grace = \"1h\"\n",
    );
    house.ok(&["service", "stop", "a"]);
    assert_eq!(house.service("a")["phase"], "stopping");
    house.ok(&["service", "stop", "a", "--wait"]);
    assert_eq!(house.service("a")["phase"], "down");
    house.nothing_left("a");
}

#[test]
fn keys_or_a_command_stop_it_where_they_are_declared() {
    let house = House::serving(
        r#"
        [services.keys]
        run = "trap '' TERM; echo up; read line; echo got $line; exit 4"
        probe.ready.log = "up"
        stop = { keys = ["b", "y", "e", "Enter"], grace = "10s" }
        [services.command]
        run = "trap '' TERM; echo up; until test -e bye; do sleep 0.01; done; exit 6"
        probe.ready.log = "up"
        stop = { command = "touch bye", grace = "10s" }
        "#,
    );
    house.ok(&["service", "stop", "keys", "command", "--wait"]);
    let how = |name: &str| house.service(name)["exit"]["how"]["stopped"].clone();
    assert_eq!(how("keys"), serde_json::json!([4, null]));
    assert_eq!(how("command"), serde_json::json!([6, null]));
    assert!(house.written("keys").contains("got bye"));
}

#[test]
fn a_stop_in_the_middle_of_a_first_start_is_done_at_once() {
    let house = House::declaring(
        "[services.a]\nrun = \"exec sleep 1000\"\nsecrets.KEY = { command = [\"sh\", \"-c\", \"touch asked; exec sleep 1000\"] }\n",
    );
    house.ok(&["up"]);
    until("its secret is asked for", || house.path("asked").exists());
    assert_eq!(house.service("a")["phase"], "preparing");
    house.ok(&["service", "stop", "a"]);
    house.until_phase("a", "down");
    assert!(house.facts("straggled", "a").is_empty(), "{:#?}", house.facts("straggled", "a"));
    house.nothing_left("a");
}

#[test]
fn a_workspace_ends_in_reverse_order() {
    let services = r#"
        [services.db]
        run = "trap 'echo db >> ends; exit 0' TERM; echo up; while :; do sleep 0.01; done"
        probe.ready.log = "up"
        [services.api]
        run = "trap 'sleep 0.1; echo api >> ends; exit 0' TERM; echo up; while :; do sleep 0.01; done"
        probe.ready.log = "up"
        after = { db = "ready" }
        [services.web]
        run = "trap 'sleep 0.1; echo web >> ends; exit 0' TERM; echo up; while :; do sleep 0.01; done"
        probe.ready.log = "up"
        after = ["api"]
    "#;
    let house = House::serving(services);
    house.ok(&["down"]);
    assert_eq!(std::fs::read_to_string(house.path("ends")).unwrap(), "web\napi\ndb\n");
    assert!(["db", "api", "web"].iter().all(|name| house.processes_of(name).is_empty()));
    assert!(house.services().is_empty());
}
