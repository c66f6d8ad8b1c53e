//! An edit of the definition: the least that brings it about, said before it is done.

use serde_json::json;

use crate::house::{House, alive, number, seen};

const SERVICES: &str = r#"
    [services.a]
    run = "exec sleep 1000"
    env_files = ["a.env"]
    probe.ready = { file = "ready", interval = "20ms", start_interval = "10ms" }
    [services.b]
    run = "exec sleep 1000"
    env.WORD = "one"
    restart = "always"
    [services.c]
    run = "exec sleep 1000"
    after = ["a"]
    [services.d]
    run = "exec sleep 1000"
    replicas = 2
    port = "auto"
    probe.ready.file = "ready"
"#;

fn house() -> House {
    let house = House::declaring(SERVICES);
    house.write("a.env", "A=1\n");
    house.write("ready", "");
    house.up();
    house
}

fn pids(house: &House) -> Vec<(String, i32)> {
    let all = house.services().into_iter();
    all.map(|s| (s["name"].as_str().unwrap().to_owned(), number(&s["pid"]))).collect()
}

/// The names of services that have another process than before.
fn others(house: &House, before: &[(String, i32)]) -> Vec<String> {
    let now = pids(house);
    let old = |name: &String| before.iter().find(|(n, _)| n == name).map(|(_, pid)| *pid);
    now.into_iter().filter(|(name, pid)| old(name) != Some(*pid)).map(|(name, _)| name).collect()
}

#[test]
fn an_edit_moves_exactly_what_it_changes() {
    let house = house();
    let text = SERVICES;
    assert_eq!(house.json(&["up"])["moves"], json!([]));
    for (from, to, moves, moved) in [
        // What a process is made of makes another one.
        ("env.WORD = \"one\"", "env.WORD = \"two\"", json!(["restart b"]), &["b"][..]),
        // Rules hold from now on.
        ("restart = \"always\"", "restart = \"no\"", json!(["update b"]), &[]),
        ("file = \"ready\", i", "file = \"gaia.toml\", i", json!(["update a"]), &[]),
        ("after = [\"a\"]", "after = { a = \"started\" }", json!(["update c"]), &[]),
        ("after = [\"a\"]", "limits.nofile = 99", json!(["restart c"]), &["c"]),
        (
            "replicas = 2",
            "replicas = 3",
            json!(["update d#1", "update d#2", "start d#3"]),
            &["d#3"],
        ),
    ] {
        let before = pids(&house);
        house.declare(&text.replacen(from, to, 1));
        assert_eq!(house.json(&["up", "--dry-run"])["moves"], moves, "{to}");
        assert_eq!(pids(&house), before, "a dry run does nothing");
        house.up();
        assert_eq!(others(&house, &before), moved, "{to}");
        assert_eq!(house.json(&["up", "--dry-run"])["moves"], json!([]), "{to}");
        house.declare(text);
        house.up();
    }
    assert!(house.services().iter().all(|service| service["restarts"] == 0));
}

#[test]
fn an_env_file_that_says_something_else_is_a_restart() {
    let house = house();
    let before = pids(&house);
    house.write("a.env", "# The same in other words.\nexport A='1'\n");
    assert_eq!(house.json(&["up", "--dry-run"])["moves"], json!([]));
    house.write("a.env", "A=2\n");
    assert_eq!(house.json(&["up", "--dry-run"])["moves"], json!(["restart a"]));
    house.up();
    assert_eq!(others(&house, &before), ["a"]);
    let env = std::fs::read(format!("/proc/{}/environ", house.service("a")["pid"])).unwrap();
    assert!(env.split(|byte| *byte == 0).any(|entry| entry == b"A=2"));
}

#[test]
fn one_that_is_declared_no_more_is_stopped_and_gone() {
    let house = house();
    let before = pids(&house);
    let b = number(&house.service("b")["pid"]);
    let cut = SERVICES.find("[services.b]").unwrap()..SERVICES.find("[services.c]").unwrap();
    house.declare(&SERVICES.replace(&SERVICES[cut], ""));
    assert_eq!(house.json(&["up", "--dry-run"])["moves"], json!(["remove b"]));
    house.up();
    assert!(!alive(b));
    house.nothing_left("b");
    assert!(house.services().iter().all(|service| service["name"] != "b"));
    assert!(others(&house, &before).is_empty());
    house.until("its window is closed", || house.panes().len() == 4);
    // One that comes back begins anew.
    house.declare(SERVICES);
    house.up();
    assert_eq!(house.service("b")["incarnation"], 1);
}

#[test]
fn a_probe_that_was_wrong_can_be_put_right_while_it_starts() {
    let house = house();
    let wrong = SERVICES.replace("file = \"ready\", i", "file = \"nowhere\", i");
    house.declare(&wrong);
    house.up();
    assert_eq!(house.until_health("a", "not-ready")["restarts"], 0);
    let pid = house.service("a")["pid"].clone();
    house.declare(SERVICES);
    house.ok(&["up"]);
    assert_eq!(house.until_health("a", "ready")["pid"], pid);

    // The same while it has not been ready in this life: its gate, or none at all, holds now.
    for right in [SERVICES.to_owned(), wrong.replace("    probe.ready = { file = \"nowhere\", interval = \"20ms\", start_interval = \"10ms\" }\n", "")] {
        house.declare(&wrong);
        house.ok(&["up"]);
        house.ok(&["service", "restart", "a"]);
        let starting = house.until_service("a", "it starts", |a| {
            a["phase"] == "starting" && a["probes"][0]["answers"].as_array().is_some_and(|a| a.len() > 1)
        });
        house.declare(&right);
        house.ok(&["up", "--wait", "--timeout", "10s"]);
        let service = house.until_phase("a", "running");
        assert_eq!(service["pid"], starting["pid"]);
    }
    // And one that is not ready stops to be so when nobody asks any more.
    house.declare(&wrong);
    house.ok(&["up"]);
    house.until_health("a", "not-ready");
    house.declare(&SERVICES.replace(
        "    probe.ready = { file = \"ready\", interval = \"20ms\", start_interval = \"10ms\" }\n",
        "",
    ));
    house.up();
    assert_eq!(house.service("a")["health"], "unknown");
}

#[test]
fn one_that_is_done_or_has_failed_runs_again_when_it_is_another_one() {
    let text = "[services.a]\ntype = \"oneshot\"\nrun = \"echo one >> runs\"\n[services.b]\nrun = \"exit 3\"\nrestart = \"no\"\n";
    let house = House::declaring(text);
    house.ok(&["up"]);
    house.until_phase("a", "completed");
    house.until_phase("b", "failed");
    house.declare(&text.replace("echo one", "echo two").replace("exit 3", "exec sleep 1000"));
    house.ok(&["up", "--wait"]);
    assert_eq!(std::fs::read_to_string(house.path("runs")).unwrap(), "one\ntwo\n");
    assert_eq!(house.service("b")["phase"], "running");
}

#[test]
fn another_folder_with_the_same_name_is_refused_and_harms_nothing() {
    let house = House::serving(
        "[services.a]\nrun = \"exec sleep 1000\"\n[services.b]\nrun = \"exec sleep 1000\"\n",
    );
    let before = pids(&house);
    let other = house.folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(
        other.join("gaia.toml"),
        "name = \"s\"\n[services.a]\nrun = \"exec sleep 2000\"\n",
    )
    .unwrap();
    for args in [&["up"][..], &["up", "--dry-run"], &["up", "a"], &["service", "scale", "a=2"]] {
        let refused = house.command(args).current_dir(&other).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{args:?} {}", seen(&refused));
        assert!(
            seen(&refused).contains("there is a session `s` already, of "),
            "{}",
            seen(&refused)
        );
    }
    assert_eq!(pids(&house), before);
    assert_eq!(house.json(&["up"])["moves"], json!([]));
}
