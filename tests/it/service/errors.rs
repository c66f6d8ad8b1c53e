//! Definitions that cannot be: all faults at once, each at its place, and nothing is started.

use crate::house::{House, seen};

const WRONG: &str = r#"name = "s"
[services.a]
run = "exec sleep 1000"
after = ["b"]
[services.b]
run = "exec sleep 1000"
after = { c = "started" }
[services.c]
run = "exec sleep 1000"
after = ["a"]
[services.d]
run = "exec sleep 1000"
after = ["apo", "bb"]
[services.e]
run = "exec sleep 1000"
after = { d = "ready" }
[services.f]
run = "exit 1"
max_restarts = 50
backoff = "10s"
restart_window = "1m"
[services.g]
run = "exec sleep 1000"
probe.ready.tcp = "x.invalid:80"
[services.h]
run = "exec sleep 1000"
probe.ready.log = "(ready"
[services.i]
run = "exec sleep 1000"
port = 40123
[services.j]
run = "exec sleep 1000"
ports = { admin = 40123 }
[services.k]
run = "exec sleep 1000"
restrat = "always"
[services.l]
run = "echo {{ services.m.port }}"
[services.m]
run = "exec sleep 1000"
schedule = "nonsense"
after = { k = "done" }
"#;

#[test]
fn every_fault_of_the_services_is_told_at_its_place() {
    let text = WRONG.replace("restrat = \"always\"\n", "");
    let house = House::with(&text);
    let up = house.gaia(&["up"]);
    let told = seen(&up);
    assert_eq!(up.status.code(), Some(2), "{told}");
    for (what, line, column) in [
        ("these services wait for each other: a → b → c → a", 2, 11),
        ("`d` waits for `apo`, and there is no such service", 11, 11),
        ("`d` waits for `bb`, and there is no such service", 11, 11),
        ("`e` waits for `d` to be ready, and nothing tells when it is", 14, 11),
        ("`f` can never reach its limit", 17, 11),
        ("`g` asks the host `x.invalid`, which has no address", 22, 11),
        ("`(ready` is no regular expression: error: unclosed group", 27, 19),
        ("i.port and j.admin want the same port 40123", 31, 11),
        ("`l`: `{{ services.m.port }}` is not known", 36, 11),
        ("`nonsense` is no cron pattern", 40, 12),
        ("after k: there is no condition `done`", 41, 9),
    ] {
        let wanted = format!("gaia.toml:{line}:{column}: {what}");
        assert!(told.contains(&wanted), "{wanted} in\n{told}");
    }
    assert!(told.contains("did you mean `b`?"), "{told}");
    nothing_began(&house);
}

fn nothing_began(house: &House) {
    assert!(house.panes().is_empty() && house.services().is_empty());
    assert!(house.json(&["ledger", "show"]).as_array().unwrap().is_empty());
}

#[test]
fn a_key_that_is_not_known_is_told_the_right_one() {
    let house = House::with(WRONG);
    let up = house.gaia(&["up"]);
    assert_eq!(up.status.code(), Some(2));
    let told = seen(&up);
    assert!(told.contains("gaia.toml:36:1") && told.contains("did you mean `restart`"), "{told}");
}

#[test]
fn variables_that_are_not_set_are_told_all_at_once_before_anything_begins() {
    let house = House::declaring(
        "[services.a]\nrun = \"exec sleep 1000\"\npass_env = [\"NOWHERE\"]\nenv.URL = \"${NOWHERE}/x\"\n[services.b]\nrun = \"exec sleep 1000\"\nenv_files = [\"none.env\"]\n[services.c]\nrun = \"exec sleep 1000\"\n",
    );
    let up = house.gaia(&["up"]);
    let told = seen(&up);
    assert_eq!(up.status.code(), Some(2), "{told}");
    assert!(told.contains("service `a`: env.URL: ${NOWHERE} is not set"), "{told}");
    assert!(told.contains("service `b`: the env file") && told.contains("none.env"), "{told}");
    nothing_began(&house);
    let up = house.command(&["up", "--wait"]).env("NOWHERE", "here").output().unwrap();
    assert_eq!(up.status.code(), Some(2), "{}", seen(&up));
    house.write("none.env", "");
    let mut up = house.command(&["up", "--wait"]);
    let up = up.env("NOWHERE", "here").output().unwrap();
    assert!(up.status.success(), "{}", seen(&up));
}

#[test]
fn a_wrong_edit_changes_nothing_that_runs() {
    let good = "[services.a]\nrun = \"exec sleep 1000\"\n[services.b]\nrun = \"exec sleep 1000\"\n";
    let house = House::serving(good);
    let before = house.services();
    let pid = |name: &str| house.service(name)["pid"].clone();
    house.declare("[services.a]\nrun = \"exec sleep 2000\"\nafter = [\"c\"]\n");
    assert_eq!(house.gaia(&["up"]).status.code(), Some(2));
    house.write("gaia.toml", "name = \"s\"\n[services.a\n");
    assert_eq!(house.gaia(&["up"]).status.code(), Some(2));
    assert_eq!((&pid("a"), &pid("b")), (&before[0]["pid"], &before[1]["pid"]));
    house.declare(good);
    assert_eq!(house.json(&["up"])["moves"], serde_json::json!([]));
}
