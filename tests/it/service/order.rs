//! What services wait for, and what becomes of them when that changes.

use serde_json::Value;

use crate::house::{House, kill, number};

fn phases(house: &House, names: &[&str]) -> Vec<String> {
    let phase = |name: &&str| house.service(name)["phase"].as_str().unwrap().to_owned();
    names.iter().map(phase).collect()
}

/// It waits for this, and for nothing else.
fn until_waits(house: &House, name: &str, what: &str) {
    house.until_service(name, what, |s| s["waits_for"] == serde_json::json!([what]));
}

#[test]
fn every_condition_is_waited_for_and_no_other() {
    let services = r#"
        [services.db]
        run = "until test -e say; do sleep 0.01; done; echo says hello; until test -e more; do sleep 0.01; done; echo says more; exec sleep 1000"
        probe.ready = { file = "ready", start_interval = "10ms", interval = "20ms" }
        [services.job]
        type = "oneshot"
        run = "until test -e end; do sleep 0.01; done; exit $(cat end)"
    "#;
    let mut text = services.to_owned();
    for (name, after) in [
        ("started", "db = \"started\""),
        ("ready", "db = \"ready\""),
        ("default", "db = { required = true }"),
        ("log", "db = { log = \"says hello\" }"),
        ("more", "db = { log = \"says more\" }"),
        ("healthy", "db = { healthy_for = \"150ms\" }"),
        ("completed", "job = \"completed\""),
        ("ok", "job = \"completed-ok\""),
    ] {
        text += &format!("[services.{name}]\nrun = \"exec sleep 1000\"\nafter = {{ {after} }}\n");
    }
    let house = House::declaring(&text);
    house.ok(&["up"]);
    house.until_phase("started", "running");
    until_waits(&house, "ready", "db to be ready");
    until_waits(&house, "log", "db to print /says hello/");
    until_waits(&house, "ok", "job to end with success");
    let rest = ["ready", "default", "log", "more", "healthy", "completed", "ok"];
    assert_eq!(phases(&house, &rest), ["waiting"; 7]);

    house.write("say", "");
    house.until_phase("log", "running");
    assert_eq!(phases(&house, &["ready", "default", "more", "healthy"]), ["waiting"; 4]);
    house.write("more", "");
    house.until_phase("more", "running");

    house.write("ready", "");
    house.until_phase("ready", "running");
    house.until_phase("default", "running");
    let db = house.service("db");
    let healthy = house.until_phase("healthy", "running");
    let (ready, begun) = (&db["ready_after_ms"], &healthy["started"]);
    let ready = db["started"].as_u64().unwrap() + ready.as_u64().unwrap();
    assert!(begun.as_u64().unwrap() >= ready + 150, "{begun} {ready}");

    assert_eq!(phases(&house, &["completed", "ok"]), ["waiting"; 2]);
    house.write("end", "3");
    house.until_phase("completed", "running");
    let blocked = house.until_phase("ok", "blocked");
    assert_eq!(blocked["why"], "job has failed: exited with 3");
    house.write("end", "0");
    house.ok(&["service", "start", "job", "--wait"]);
    house.until_phase("ok", "running");
    house.ok(&["down"]);
}

#[test]
fn one_that_is_blocked_waits_again_after_a_reset() {
    let house = House::declaring(
        r#"
        [services.db]
        run = "test -e good || exit 3; exec sleep 1000"
        restart = "no"
        probe.ready = { file = "ready", start_interval = "10ms" }
        [services.api]
        run = "exec sleep 1000"
        after = { db = "ready" }
        [services.web]
        run = "exec sleep 1000"
        after = ["api"]
        "#,
    );
    let up = house.gaia(&["up", "--wait", "--timeout", "1s"]);
    assert_eq!(up.status.code(), Some(1));
    let api = house.until_phase("api", "blocked");
    assert_eq!(api["why"], "db has failed: exited with 3");
    let why = house.ok(&["service", "why", "web"]);
    let lines: Vec<&str> = why.lines().collect();
    assert!(lines[0].starts_with("web blocked") && lines[1].starts_with("  api blocked"), "{why}");
    assert!(lines[2].starts_with("    db failed (must be ready): exited with 3"), "{why}");

    house.write("good", "");
    house.ok(&["service", "reset", "db"]);
    house.until_phase("db", "starting");
    until_waits(&house, "api", "db to be ready");
    house.write("ready", "");
    house.until_phase("web", "running");
    assert_eq!(house.service("api")["incarnation"], 1);
}

#[test]
fn an_optional_dependency_holds_nothing_up_and_is_told() {
    let house = House::declaring(
        r#"
        [services.db]
        run = "exit 3"
        restart = "no"
        probe.ready.file = "never"
        [services.api]
        run = "exec sleep 1000"
        after = { db = { condition = "ready", required = false } }
        "#,
    );
    house.ok(&["up"]);
    house.until_phase("api", "running");
    house.until_service("api", "it is told", |_| {
        house
            .facts("noted", "api")
            .iter()
            .any(|n| n["what"] == "started without db, which is optional")
    });
    // One that is named alone is started alone.
    house.ok(&["down"]);
    house.ok(&["up", "api", "--wait"]);
    assert_eq!(house.service("db")["phase"], "down");
}

/// A dependency that prints which life it is, and a dependent for each rule.
fn chain() -> House {
    let mut text = r#"
        [services.db]
        run = "echo life; exec sleep 1000"
        probe.ready.log = "life"
        backoff = "1ms"
    "#
    .to_owned();
    for rule in ["none", "restart", "stop"] {
        text += &format!(
            "[services.{rule}]\nrun = \"exec sleep 1000\"\nafter = {{ db = {{ condition = \"ready\", on_restart = \"{rule}\" }} }}\n[services.after-{rule}]\nrun = \"exec sleep 1000\"\nafter = {{ {rule} = {{ condition = \"started\", on_restart = \"restart\" }} }}\n"
        );
    }
    House::serving(&text)
}

#[test]
fn a_restart_goes_downstream_where_an_edge_says_so() {
    let house = chain();
    let before = house.services();
    let old = |name: &str| before.iter().find(|s| s["name"] == name).unwrap().clone();
    kill(number(&old("db")["pid"]), "KILL");
    for name in ["restart", "stop", "after-restart", "after-stop"] {
        house.until_service(name, "a second life", |s| {
            s["incarnation"] == 2 && s["phase"] == "running" && s["pid"].is_i64()
        });
        assert_eq!(house.service(name)["restarts"], 0);
    }
    for name in ["none", "after-none"] {
        assert_eq!(house.service(name)["pid"], old(name)["pid"]);
    }
    assert_eq!(house.service("db")["restarts"], 1);
    // The same when a person asks; one that is down stays down.
    house.ok(&["service", "stop", "after-restart", "--wait"]);
    house.ok(&["service", "restart", "db", "--wait"]);
    house.until_service("restart", "a third life", |s| s["incarnation"] == 3 && s["pid"].is_i64());
    assert_eq!(house.service("after-restart")["phase"], "down");
    house.ok(&["down"]);
}

#[test]
fn a_dependency_of_several_replicas_counts_when_all_are_as_wanted() {
    let house = House::declaring(
        "[services.api]\nrun = \"exec sleep 1000\"\nreplicas = 2\nprobe.ready = { file = \"{{ replica }}\", start_interval = \"10ms\", interval = \"20ms\" }\n[services.web]\nrun = \"exec sleep 1000\"\nafter = { api = \"ready\" }\n",
    );
    house.write("1", "");
    house.ok(&["up"]);
    house.until_health("api#1", "ready");
    until_waits(&house, "web", "api#2 to be ready");
    house.write("2", "");
    house.until_phase("web", "running");
}

#[test]
fn a_stop_in_the_middle_of_a_wait_ends_it_for_good() {
    let house = House::declaring(
        "[services.db]\nrun = \"exec sleep 1000\"\nprobe.ready = { file = \"ready\", start_interval = \"10ms\", interval = \"20ms\" }\n[services.api]\nrun = \"exec sleep 1000\"\nafter = { db = \"ready\" }\n",
    );
    house.ok(&["up"]);
    house.until_phase("api", "waiting");
    house.ok(&["service", "stop", "api", "--wait"]);
    house.write("ready", "");
    house.until_health("db", "ready");
    let api = house.service("api");
    assert_eq!((&api["phase"], &api["pid"]), (&"down".into(), &Value::Null));
    assert!(house.facts("started", "api").is_empty());
}

#[test]
fn one_that_has_ended_already_is_waited_for_no_more() {
    let mut text = r#"
        [services.slow]
        run = "exec sleep 1000"
        probe.ready = { file = "ready", start_interval = "10ms", interval = "20ms" }
        [services.job]
        type = "oneshot"
        run = "echo it is done"
        [services.served]
        run = "echo served"
        probe.startup.log = "served"
    "#
    .to_owned();
    for (name, after) in [
        ("started", "job = \"started\""),
        ("default", "job = { required = true }"),
        ("log", "job = { log = \"is done\" }"),
        ("never", "served = \"ready\""),
    ] {
        text += &format!(
            "[services.{name}]\nrun = \"exec sleep 1000\"\nafter = {{ {after}, slow = \"ready\" }}\n"
        );
    }
    let house = House::declaring(&text);
    house.ok(&["up"]);
    house.until_phase("job", "completed");
    house.until_phase("served", "completed");
    for name in ["started", "default", "log"] {
        until_waits(&house, name, "slow to be ready");
    }
    house.write("ready", "");
    for name in ["started", "default", "log"] {
        house.until_phase(name, "running");
    }
    let never = house.until_phase("never", "blocked");
    assert_eq!(never["why"], "served has ended, and will not be ready");
}
