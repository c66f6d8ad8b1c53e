//! Services in their panes: what a person or a crash of tmux does to those.

use crate::house::{House, alive, kill, number};

const SLEEPER: &str =
    "[services.a]\nrun = \"echo life; exec sleep 1000\"\nprobe.ready.log = \"life\"\n";

#[test]
fn a_killed_tmux_server_stops_no_service_and_it_is_shown_again() {
    let house = House::serving(SLEEPER);
    let (pid, server) = (house.service("a")["pid"].clone(), house.server_pid().unwrap());
    kill(server, "KILL");
    house.until("a new server shows it", || {
        house.server_pid().is_some_and(|new| new != server)
            && house.pane("main")["tmux"].is_string()
    });
    let service = house.service("a");
    assert_eq!((&service["pid"], &service["phase"]), (&pid, &"running".into()));
    assert_eq!((&service["incarnation"], &service["restarts"]), (&1.into(), &0.into()));
    // What it does from now on is seen and shown as before.
    kill(number(&pid), "KILL");
    house.until_service("a", "a second life", |a| a["incarnation"] == 2 && a["health"] == "ready");
    house.ok(&["down"]);
    house.nothing_left("a");
}

#[test]
fn a_pane_closed_by_hand_is_a_stop_of_its_service() {
    let house = House::serving(&format!("{SLEEPER}restart = \"always\"\n"));
    let pid = number(&house.service("a")["pid"]);
    house.tmux(&["kill-pane", "-t", house.pane("main")["tmux"].as_str().unwrap()]);
    let service = house.until_phase("a", "down");
    assert!(!alive(pid));
    assert_eq!((&service["exit"]["how"], &service["restarts"]), (&"closed".into(), &0.into()));
    assert_eq!(service["desired"], "down");
    house.up();
    assert_eq!(house.service("a")["health"], "ready");
    assert!(house.pane("main")["tmux"].is_string());
}

#[test]
fn keys_in_the_pane_of_a_stopped_service_start_it_or_close_it() {
    let house = House::serving(SLEEPER);
    house.ok(&["service", "stop", "a", "--wait"]);
    assert_eq!(house.service("a")["pid"], serde_json::Value::Null);
    house.ok(&["session", "send", "s:a", "r", "--keys"]);
    let service = house.until_health("a", "ready");
    assert_eq!((&service["incarnation"], &service["desired"]), (&2.into(), &"up".into()));
    // It is a service again: it is kept running.
    kill(number(&service["pid"]), "KILL");
    house.until_service("a", "life 3", |a| a["incarnation"] == 3 && a["health"] == "ready");

    house.ok(&["service", "stop", "a", "--wait"]);
    house.ok(&["session", "send", "s:a", "q", "--keys"]);
    house.until("its pane is closed", || house.panes().iter().all(|p| p["tmux"].is_null()));
    house.ok(&["service", "start", "a", "--wait"]);
    assert_eq!(house.service("a")["health"], "ready");
}

#[test]
fn a_session_ended_by_hand_comes_up_again_with_the_next_up() {
    let house = House::serving(SLEEPER);
    for life in 2..=3 {
        house.ok(&["service", "restart", "a", "--wait"]);
        assert_eq!(house.service("a")["incarnation"], life);
    }
    let pid = number(&house.service("a")["pid"]);
    house.tmux(&["kill-session", "-t", "=s"]);
    house.until_phase("a", "down");
    house.until("the session is forgotten", || house.panes().is_empty());
    assert!(!alive(pid));
    house.ok(&["up", "--wait", "--timeout", "10s"]);
    let service = house.service("a");
    assert_eq!((&service["phase"], &service["health"]), (&"running".into(), &"ready".into()));
    kill(number(&service["pid"]), "KILL");
    house.until_service("a", "another life", |a| a["restarts"] == 1 && a["health"] == "ready");
    house.ok(&["down"]);
    house.nothing_left("a");
}

#[test]
fn a_session_that_a_person_renamed_still_runs_its_services() {
    let house = House::serving(SLEEPER);
    house.tmux(&["rename-session", "-t", "=s", "store"]);
    house.until("the new name is taken over", || {
        house.json(&["session", "list"])[0]["name"] == "store"
    });
    kill(number(&house.service("a")["pid"]), "KILL");
    house.until_service("a", "a second life", |a| a["incarnation"] == 2 && a["health"] == "ready");
    house.ok(&["service", "stop", "a", "--wait"]);
    house.ok(&["service", "start", "a", "--wait"]);
}

#[test]
fn a_service_runs_in_the_pane_that_is_declared_for_it() {
    let house = House::with(
        "name = \"s\"\n[[windows]]\nname = \"work\"\n[[windows.panes]]\nname = \"shell\"\n[[windows.panes]]\nname = \"api\"\nservice = \"a\"\n[services.a]\nrun = \"echo life; exec sleep 1000\"\nprobe.ready.log = \"life\"\n[services.b]\nrun = \"exec sleep 1000\"\n",
    );
    house.up();
    let windows = house.tmux(&["list-panes", "-s", "-t", "=s", "-F", "#{window_name}"]);
    assert_eq!(windows.lines().collect::<Vec<_>>(), ["work", "work", "b"]);
    assert_eq!(house.pane("api")["pid"], house.service("a")["pid"]);
    assert_eq!(house.json(&["up"])["moves"], serde_json::json!([]));
}

#[test]
fn two_ups_at_once_make_one_of_each() {
    let house = House::declaring(
        "[services.a]\nrun = \"echo a >> lives; exec sleep 1000\"\n[services.b]\nrun = \"echo b >> lives; exec sleep 1000\"\nafter = [\"a\"]\n",
    );
    let run = || house.command(&["up", "--wait"]).stdout(std::process::Stdio::null()).spawn();
    let all = [run().unwrap(), run().unwrap(), run().unwrap()];
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    for name in ["a", "b"] {
        let pid = number(&house.service(name)["pid"]);
        assert_eq!(house.processes_of(name), [pid]);
        assert_eq!(house.service(name)["incarnation"], 1);
    }
    assert_eq!(std::fs::read_to_string(house.path("lives")).unwrap(), "a\nb\n");
    assert_eq!(house.panes().len(), 2);
}

#[test]
fn a_session_ended_by_its_verb_stops_its_services() {
    let house = House::serving(&format!(
        "{SLEEPER}restart = \"always\"\n{}",
        SLEEPER.replace(".a]", ".b]")
    ));
    house.ok(&["session", "kill", "s:a"]);
    assert_eq!(house.until_phase("a", "down")["desired"], "down");
    assert_eq!(house.service("b")["health"], "ready");
    house.up();
    house.ok(&["session", "kill", "s"]);
    for name in ["a", "b"] {
        let service = house.until_phase(name, "down");
        assert_eq!((&service["desired"], &service["restarts"]), (&"down".into(), &0.into()));
        house.nothing_left(name);
    }
    house.up();
    assert_eq!(house.service("a")["health"], "ready");
    // A restart of the pane is one of the service.
    house.ok(&["session", "restart", "s:a"]);
    house.until_service("a", "a second life", |a| a["incarnation"] == 2 && a["health"] == "ready");
}

#[test]
fn a_stopped_service_has_its_pane_again_after_the_tmux_server_died() {
    let house = House::serving(&format!("{SLEEPER}{}", SLEEPER.replace(".a]", ".b]")));
    house.ok(&["service", "stop", "a", "--wait"]);
    let (pid, server) = (house.service("b")["pid"].clone(), house.server_pid().unwrap());
    // The daemon is not there to see it.
    house.crash();
    kill(server, "KILL");
    crate::house::until("the server is dead", || !alive(server));
    house.until("it is shown again", || {
        house.panes().iter().any(|p| p["pid"] == pid && p["tmux"].is_string())
    });
    house.ok(&["service", "start", "a", "--wait"]);
    house.until("both are shown", || house.panes().iter().all(|p| p["tmux"].is_string()));
    assert_eq!(house.service("b")["pid"], pid);
    let shown = house.tmux(&["list-panes", "-s", "-t", "=s", "-F", "#{window_name}"]);
    let mut shown: Vec<&str> = shown.lines().collect();
    shown.sort_unstable();
    assert_eq!(shown, ["a", "b"]);
}
