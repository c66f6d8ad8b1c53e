//! Commands before, beside and after a service.

use crate::house::{House, until};

fn lines(house: &House, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(house.path(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn they_run_in_their_order_and_once_a_life() {
    let house = House::serving(
        r#"
        [services.a]
        pre_start = ["echo first in $GAIA_SERVICE; echo pre1 >> order", ["sh", "-c", "echo second; echo pre2 >> order"]]
        run = "echo main >> order; echo main $PORT; exec sleep 1000"
        port = "auto"
        probe.ready.log = "main"
        post_start = "echo post $PORT >> order"
        pre_stop = ["echo stop $GAIA_SERVICE >> order"]
        "#,
    );
    let post = format!("post {}", house.service("a")["port"]);
    until("post_start ran", || lines(&house, "order").len() == 4);
    assert_eq!(lines(&house, "order"), ["pre1", "pre2", "main", &post]);
    let written = house.written("a");
    assert!(written.starts_with("first in a\r\nsecond\r\nmain "), "{written}");
    // A daemon that comes back does not run them again.
    house.crash();
    house.until_health("a", "ready");
    house.ok(&["service", "stop", "a", "--wait"]);
    assert_eq!(lines(&house, "order")[4..], ["stop a"]);
    assert_eq!(house.service("a")["exit"]["how"]["stopped"], serde_json::json!([null, 15]));
}

#[test]
fn a_command_before_it_that_fails_is_a_failed_start() {
    let house = House::declaring(
        "[services.a]\npre_start = [\"echo try >> tries; echo it is too bad; exit 3\", \"touch never\"]\nrun = \"touch never\"\nmax_restarts = 2\nbackoff = \"1ms\"\n",
    );
    assert_eq!(house.gaia(&["up", "--wait", "--timeout", "20s"]).status.code(), Some(1));
    let service = house.service("a");
    let why = service["why"].as_str().unwrap();
    assert!(why.starts_with("it is too bad (its pre_start command exited with 3)"), "{why}");
    assert!(why.contains("and it was started again 2 times"), "{why}");
    assert_eq!((&service["phase"], lines(&house, "tries").len()), (&"failed".into(), 3));
    assert!(!house.path("never").exists());
    house.until_service("a", "its evidence", |_| !house.facts("evidenced", "a").is_empty());
    assert!(house.facts("evidenced", "a")[0]["log"].to_string().contains("it is too bad"));
}

#[test]
fn a_stop_ends_a_command_before_it_and_starts_nothing() {
    let house = House::declaring(
        "[services.a]\npre_start = \"touch preparing; trap '' TERM; while :; do sleep 0.05; done\"\nrun = \"touch never\"\nstop.grace = \"100ms\"\n",
    );
    house.ok(&["up"]);
    until("it prepares", || house.path("preparing").exists());
    assert_eq!(house.service("a")["phase"], "preparing");
    house.ok(&["service", "stop", "a", "--wait"]);
    assert_eq!(house.service("a")["phase"], "down");
    house.nothing_left("a");
    assert!(!house.path("never").exists());
}

#[test]
fn hooks_beside_it_that_fail_are_told_and_harm_nothing() {
    let house = House::serving(
        "[services.a]\nrun = \"exec sleep 1000\"\npost_start = \"echo no luck; exit 4\"\npre_stop = \"exit 5\"\n",
    );
    let told =
        |what: &str| house.facts("noted", "a").iter().any(|n| n["what"].to_string().contains(what));
    house.until_service("a", "post_start is told", |_| told("ended with 4: no luck"));
    assert_eq!(house.service("a")["phase"], "running");
    house.ok(&["service", "stop", "a", "--wait"]);
    assert_eq!(house.service("a")["phase"], "down");
    house.until_service("a", "pre_stop is told", |_| told("ended with 5"));
}

#[test]
fn a_hook_that_hangs_does_not_outlive_its_service() {
    let house = House::serving(
        "[services.a]\nrun = \"exec sleep 1000\"\npost_start = \"touch hook; exec sleep 1000\"\n",
    );
    until("the hook runs", || house.path("hook").exists());
    assert_eq!(house.processes_of("a").len(), 2);
    house.ok(&["service", "stop", "a", "--wait"]);
    until("nothing is left", || house.processes_of("a").is_empty());
}

#[test]
fn commands_before_it_that_end_at_once_are_all_seen() {
    let house = House::serving(&format!(
        "[services.a]\npre_start = [{}]\nrun = \"exec sleep 1000\"\nreplicas = 6\n",
        "[\"true\"], ".repeat(12)
    ));
    assert!(house.services().iter().all(|a| a["phase"] == "running" && a["incarnation"] == 1));
    house.ok(&["down"]);
}
