//! A daemon, a shim or a whole machine that dies: nothing is lost, nothing is there twice.

use serde_json::{Value, json};

use crate::house::{House, alive, kill, number, processes, until};

fn pid(house: &House, name: &str) -> i32 {
    number(&house.service(name)["pid"])
}

/// What stays the same where nothing happened to a service.
fn picture(service: &Value) -> Value {
    let keys =
        ["phase", "health", "pid", "incarnation", "restarts", "started", "ready_after_ms", "port"];
    keys.iter().map(|key| service[*key].clone()).collect()
}

#[test]
fn a_death_while_no_daemon_runs_is_told_with_its_code() {
    let house = House::serving(
        r#"
        [services.a]
        run = "until test -e die; do sleep 0.01; done; rm die; exit 37"
        backoff = "1ms"
        [services.b]
        run = "exec sleep 1000"
        probe.ready = { file = "gaia.toml", interval = "20ms" }
        [services.c]
        run = "exec sleep 1000"
        port = "auto"
        probe.ready.exec = "true"
        after = ["a", "b"]
        [services.job]
        type = "oneshot"
        run = "echo run >> runs"
        "#,
    );
    let (a, b, c) = (house.service("a"), house.service("b"), house.service("c"));
    house.crash();
    house.write("die", "");
    until("it died", || !alive(number(&a["pid"])));

    let events = house.json(&["service", "events", "a"]);
    let exited = events.as_array().unwrap().iter().find(|e| e["kind"] == "service.exited");
    assert_eq!(exited.unwrap()["body"]["ended"]["how"], json!({ "code": 37 }));
    let again =
        house.until_service("a", "a second life", |a| a["incarnation"] == 2 && a["pid"].is_i64());
    assert_eq!(again["restarts"], 1);
    for (name, before) in [("b", b), ("c", c)] {
        let now = house.until_health(name, "ready");
        assert_eq!(picture(&now), picture(&before));
    }
    assert_eq!(house.service("job")["phase"], "completed");
    assert_eq!(std::fs::read_to_string(house.path("runs")).unwrap(), "run\n");
    house.ok(&["down"]);
}

#[test]
fn a_killed_shim_takes_its_program_along_and_is_replaced_once() {
    let house = House::serving(
        "[services.a]\nrun = \"echo life >> lives; exec sleep 1000\"\nbackoff = \"1ms\"\n",
    );
    let before = pid(&house, "a");
    let unit = house.service("a")["unit"].as_str().unwrap().to_owned();
    let claim = std::fs::read(house.home().join("units").join(&unit).join("claim.json")).unwrap();
    let claim: Value = serde_json::from_slice(&claim).unwrap();
    kill(number(&claim["shim"]["pid"]), "KILL");
    let service = house.until_service("a", "another process", |a| {
        a["phase"] == "running" && a["pid"].is_i64() && a["pid"] != before
    });
    assert!(!alive(before));
    assert_eq!(service["restarts"], 1);
    assert_eq!(house.processes_of("a"), [number(&service["pid"])]);
    let lives = || std::fs::read_to_string(house.path("lives")).unwrap();
    until("both lives began", || lives().len() > 5);
    assert_eq!(lives(), "life\nlife\n");
    assert!(house.facts("lost", "a").is_empty());
    house.ok(&["service", "stop", "a", "--wait"]);
    house.nothing_left("a");
}

#[test]
fn what_outlives_a_killed_shim_is_never_doubled_and_a_reset_ends_it() {
    for daemon in [true, false] {
        what_outlives_a_killed_shim(daemon);
    }
}

/// With a daemon that sees it, or one that comes later.
fn what_outlives_a_killed_shim(daemon: bool) {
    let house = House::serving(
        "[services.a]\nrun = \"setsid sh -c 'echo $$ > child; exec sleep 1000' & until test -e child; do sleep 0.01; done; echo up; exec sleep 1000\"\nprobe.ready.log = \"up\"\n",
    );
    let child: i32 = std::fs::read_to_string(house.path("child")).unwrap().trim().parse().unwrap();
    let unit = house.service("a")["unit"].as_str().unwrap().to_owned();
    let claim = std::fs::read(house.home().join("units").join(&unit).join("claim.json")).unwrap();
    let claim: Value = serde_json::from_slice(&claim).unwrap();
    if !daemon {
        house.crash();
    }
    kill(number(&claim["shim"]["pid"]), "KILL");
    let lost = house.until_phase("a", "lost");
    assert!(alive(child) && lost["why"].to_string().contains("may still run"));
    house.ok(&["service", "start", "a"]);
    assert_eq!(house.service("a")["phase"], "lost");
    house.ok(&["service", "reset", "a", "--wait", "--timeout", "20s"]);
    house.until_health("a", "ready");
    assert!(!alive(child));
    house.ok(&["down"]);
    house.nothing_left("a");
}

#[test]
fn a_daemon_that_comes_back_neither_gates_nor_stops_what_was_up() {
    let house = House::declaring(
        r#"
        [services.a]
        run = "exec sleep 1000"
        probe.ready = { file = "ready", interval = "10ms", start_interval = "10ms", failures = 1 }
        start_timeout = "100ms"
        [services.slow]
        run = "exec sleep 1000"
        probe.ready = { file = "slow", start_interval = "10ms", interval = "10ms" }
        [services.waits]
        run = "exec sleep 1000"
        after = ["slow"]
        [services.failed]
        run = "exit 3"
        restart = "no"
        [services.down]
        run = "exec sleep 1000"
        autostart = false
        [services.watched]
        run = "exec sleep 1000"
        watch = { paths = ["*.py"], debounce = "5ms" }
        probe.alive = { file = "alive", interval = "10ms", failures = 2 }
        "#,
    );
    house.write("ready", "");
    house.write("alive", "");
    house.ok(&["up"]);
    house.until_health("a", "ready");
    house.until_phase("failed", "failed");
    house.until_phase("slow", "starting");
    house.until_phase("waits", "waiting");
    house.until_phase("watched", "running");
    std::fs::remove_file(house.path("ready")).unwrap();
    house.until_health("a", "not-ready");
    let names = ["a", "slow", "waits", "failed", "down", "watched"];
    let old = |name: &str| house.service(name);
    let before: Vec<Value> = names.iter().map(|name| old(name)).collect();
    house.crash();

    // Four times as long as a start may take, by answers of the probe.
    let answers = |a: &Value| a["probes"][0]["answers"].as_array().unwrap().clone();
    let first = house.until_service("a", "it is asked", |a| !answers(a).is_empty());
    let first = answers(&first)[0]["at"].as_u64().unwrap();
    house.until_service("a", "it is asked for long", |a| {
        answers(a).last().unwrap()["at"].as_u64().unwrap() > first + 400
    });
    for (name, before) in names.iter().zip(&before) {
        let now = house.service(name);
        let same = ["phase", "pid", "incarnation", "restarts", "started", "desired"];
        assert!(same.iter().all(|key| now[*key] == before[*key]), "{before:#}\n{now:#}");
    }
    assert_eq!(house.service("a")["health"], "not-ready");
    house.write("slow", "");
    house.until_phase("waits", "running");
    // Watches and liveness go on.
    house.write("x.py", "");
    house.until_service("watched", "a restart by a file", |s| {
        s["incarnation"] == 2 && s["pid"].is_i64()
    });
    std::fs::remove_file(house.path("alive")).unwrap();
    house.until_service("watched", "a restart by its probe", |s| s["restarts"] == 1);
    house.ok(&["down"]);
}

#[test]
fn a_stop_under_way_when_the_daemon_dies_is_finished() {
    let house = House::serving(
        "[services.a]\nrun = \"trap 'touch asked' TERM; echo up; while :; do sleep 0.01; done\"\nprobe.ready.log = \"up\"\nstop.grace = \"1h\"\n[services.b]\nrun = \"trap 'touch asked-b' TERM; echo up; while :; do sleep 0.01; done\"\nprobe.ready.log = \"up\"\nstop.grace = \"300ms\"\n",
    );
    house.ok(&["service", "stop", "a", "b"]);
    until("both are asked to end", || {
        house.path("asked").exists() && house.path("asked-b").exists()
    });
    house.crash();
    house.until_phase("b", "down");
    house.nothing_left("b");
    assert_eq!(house.service("a")["phase"], "stopping");
    house.ok(&["service", "stop", "a", "--wait"]);
    assert_eq!(house.service("a")["phase"], "down");
    house.nothing_left("a");
}

#[test]
fn services_come_back_after_a_reboot() {
    let house = House::serving(
        "[services.a]\nrun = \"exec sleep 1000\"\nprobe.ready.exec = \"true\"\n[services.b]\nrun = \"exec sleep 1000\"\nafter = [\"a\"]\n[services.off]\nrun = \"exec sleep 1000\"\nautostart = false\n",
    );
    let before = [pid(&house, "a"), pid(&house, "b")];
    house.crash();
    let home = house.home();
    let server = house.server_pid().unwrap();
    for pid in processes() {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(home.to_str().unwrap()) {
            kill(pid, "KILL");
        }
    }
    until("all is dead", || !alive(server) && before.iter().all(|pid| !alive(*pid)));

    house.until_phase("a", "running");
    house.until_phase("b", "running");
    assert_eq!(house.service("off")["phase"], "down");
    for name in ["a", "b"] {
        assert_eq!(house.processes_of(name), [pid(&house, name)]);
    }
    house.ok(&["down"]);
}
