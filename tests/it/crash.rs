//! What is left when something dies: nothing is lost, nothing is there twice.

use std::collections::BTreeMap;

use crate::house::{House, alive, kill, number, processes, until};

/// Twenty panes that count, each line numbered.
fn twenty() -> String {
    let mut text = String::from("name = \"many\"\n");
    for window in 1..=4 {
        text += &format!("[[windows]]\nname = \"w{window}\"\n");
        for pane in 1..=5 {
            text += &format!(
                "[[windows.panes]]\nname = \"c{window}{pane}\"\ncommand = [\"./count\"]\n"
            );
        }
    }
    text
}

const COUNT: &str = "#!/bin/sh\nn=0\nwhile :; do n=$((n+1)); echo \"line $n\"; sleep 0.01; done\n";

fn house_of_twenty() -> House {
    use std::os::unix::fs::PermissionsExt;
    let house = House::with(&twenty());
    house.write("count", COUNT);
    let path = house.workspace().join("count");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    house.ok(&["up"]);
    house
}

fn pids(house: &House) -> BTreeMap<String, i32> {
    let pane = |p: serde_json::Value| (p["id"].as_str().unwrap().to_owned(), number(&p["pid"]));
    house.panes().into_iter().map(pane).collect()
}

/// Every line of every log is there, in order, whole.
fn logs_are_whole(house: &House) {
    for unit in pids(house).keys() {
        let log = String::from_utf8(house.log_of(unit)).unwrap();
        let whole = log.rsplit_once("\r\n").map_or("", |(whole, _)| whole);
        for (at, line) in whole.split("\r\n").enumerate() {
            assert_eq!(line, format!("line {}", at + 1), "{unit}");
        }
    }
}

#[test]
fn a_killed_daemon_loses_no_program_and_no_line() {
    let house = house_of_twenty();
    let before = pids(&house);
    assert_eq!(before.len(), 20);
    let victims: Vec<_> = before.iter().take(2).map(|(id, pid)| (id.clone(), *pid)).collect();

    house.crash();
    kill(victims[0].1, "KILL");
    kill(victims[1].1, "TERM");
    until("the programs died", || !alive(victims[0].1) && !alive(victims[1].1));

    let after: BTreeMap<String, serde_json::Value> =
        house.panes().into_iter().map(|p| (p["id"].as_str().unwrap().to_owned(), p)).collect();
    for (unit, pid) in &before {
        let pane = &after[unit];
        match victims.iter().position(|(id, _)| id == unit) {
            None => assert_eq!(number(&pane["pid"]), *pid, "{pane}"),
            Some(0) => assert_eq!(pane["exit"]["signal"], 9, "{pane}"),
            Some(_) => assert_eq!(pane["exit"]["signal"], 15, "{pane}"),
        }
    }
    logs_are_whole_except(&house, &victims);
    house.ok(&["ledger", "verify"]);
}

fn logs_are_whole_except(house: &House, dead: &[(String, i32)]) {
    for pane in house.panes() {
        let unit = pane["id"].as_str().unwrap();
        if !dead.iter().any(|(id, _)| id == unit) {
            let log = String::from_utf8(house.log_of(unit)).unwrap();
            assert!(log.starts_with("line 1\r\nline 2\r\n"), "{unit}: {log:.40}");
        }
    }
}

#[test]
fn a_killed_tmux_server_loses_no_program() {
    let house = house_of_twenty();
    let before = pids(&house);
    let server = house.server_pid().unwrap();

    kill(server, "KILL");

    house.until("every program is shown by a new server", || {
        let panes = house.panes();
        house.server_pid().is_some_and(|pid| pid != server)
            && panes.len() == 20
            && panes.iter().all(|p| p["state"] == "running" && p["tmux"].is_string())
    });
    assert_eq!(pids(&house), before);
    logs_are_whole(&house);
    let shown = house.tmux(&["list-panes", "-a", "-F", "#{@gaia_id}"]);
    let shown = shown.lines().filter(|line| line.starts_with('p')).count();
    assert_eq!(shown, 20);
}

#[test]
fn kill_server_by_hand_is_a_crash_to_gaia() {
    let house = House::with(
        "name = \"s\"\n[[windows]]\n[[windows.panes]]\nname = \"a\"\ncommand = [\"sleep\", \"1000\"]\n[[windows.panes]]\nname = \"b\"\ncommand = [\"sleep\", \"1000\"]\non_server_exit = \"stop\"\n",
    );
    house.ok(&["up"]);
    let (keeps, stops) = (number(&house.pane("a")["pid"]), number(&house.pane("b")["pid"]));

    house.tmux(&["kill-server"]);

    house.until("the one is shown again, the other is stopped", || {
        let (a, b) = (house.pane("a"), house.pane("b"));
        a["tmux"].is_string() && a["state"] == "running" && b["state"] == "closed"
    });
    assert!(alive(keeps) && !alive(stops));
    assert_eq!(house.pane("b")["exit"]["reason"], "server-exit");
}

/// Dies at every change that `session new` makes; each time a restart finishes or rolls back.
#[test]
fn a_crash_at_any_step_of_a_new_session_is_finished_or_rolled_back() {
    let mut outcomes = Vec::new();
    for at in 1.. {
        let house = House::new();
        let args = ["session", "new", "demo", "--layout", "crew"];
        let first = house.command(&args).env("GAIA_CRASH_AT", at.to_string()).output().unwrap();

        let panes = house.panes();
        let count = |what: &str| panes.iter().filter(|p| p["state"] == what).count();
        if panes.is_empty() {
            outcomes.push("rolled back");
        } else {
            house.until("the session is whole", || {
                let panes = house.panes();
                panes.len() == 6
                    && panes.iter().all(|p| p["state"] == "running" && p["tmux"].is_string())
            });
            outcomes.push("finished");
        }
        let _ = count;
        no_ghosts(&house, at);
        house.ok(&["ledger", "verify"]);
        if first.status.success() && house.daemon_pid().is_some() {
            break;
        }
        assert!(at < 400, "it never ran through");
    }
    assert!(outcomes.contains(&"rolled back") && outcomes.contains(&"finished"), "{outcomes:?}");
}

/// No unit is run by two shims or shown by two panes, and no shim stays that nobody knows.
fn no_ghosts(house: &House, at: u32) {
    let known: Vec<String> =
        house.panes().iter().map(|p| p["id"].as_str().unwrap_or("?").to_owned()).collect();
    let shown = house.tmux(&["list-panes", "-a", "-F", "#{session_name} #{pane_start_command}"]);
    let shown: Vec<&str> = shown.lines().filter(|line| !line.starts_with("gaia-ctl")).collect();
    assert_eq!(shown.len(), known.len(), "crash at {at}: {shown:#?}");
    let running = shims(house);
    let twice: Vec<_> = running.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "crash at {at}: {twice:?}");
    // A shim whose pane was just closed needs a moment to leave.
    until("only known shims stay", || shims(house).keys().all(|unit| known.contains(unit)));
}

/// How many shims run each unit of a house.
fn shims(house: &House) -> BTreeMap<String, u32> {
    let units = format!("{}/units/", house.home().display());
    let mut running = BTreeMap::<String, u32>::new();
    for pid in processes() {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if let (true, Some((_, unit))) = (line.contains("gaia pane "), line.split_once(&units)) {
            *running.entry(unit.trim().to_owned()).or_default() += 1;
        }
    }
    running
}

/// Dies at every change that `session kill` makes: afterwards the session is whole, or gone for good.
#[test]
fn a_crash_at_any_step_of_an_end_is_finished_or_never_begun() {
    let mut outcomes = Vec::new();
    for at in 1.. {
        let house = House::new();
        house.ok(&["session", "new", "demo", "--layout", "crew"]);
        let before: Vec<i32> = house.panes().iter().map(|pane| number(&pane["pid"])).collect();
        house.ok(&["daemon", "stop"]);
        let mut kill = house.command(&["session", "kill", "demo"]);
        let first = kill.env("GAIA_CRASH_AT", at.to_string()).output().unwrap();

        house.until("it is whole or gone", || {
            let sessions = house.json(&["session", "list"]);
            let all = sessions.as_array().unwrap();
            all.is_empty() || all[0]["phase"] == "open"
        });
        if house.panes().is_empty() {
            outcomes.push("finished");
            until("no program is left", || before.iter().all(|pid| !alive(*pid)));
        } else {
            outcomes.push("never begun");
            assert!(before.iter().all(|pid| alive(*pid)), "crash at {at}");
        }
        no_ghosts(&house, at);
        house.ok(&["ledger", "verify"]);
        if first.status.success() {
            break;
        }
        assert!(at < 200, "it never ran through");
    }
    assert!(outcomes.contains(&"never begun") && outcomes.contains(&"finished"), "{outcomes:?}");
}
