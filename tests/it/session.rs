//! Sessions: declared, opened, changed, used, ended.

use std::io::Write;

use crate::house::{House, alive, number, until};

const SHOP: &str = r#"
name = "shop"
[[windows]]
name = "work"
[[windows.panes]]
name = "shell"
[[windows]]
name = "run"
layout = "even-vertical"
[[windows.panes]]
name = "api"
command = ["sleep", "1000"]
[[windows.panes]]
name = "web"
run = "echo web is up; exec sleep 1000"
"#;

#[test]
fn up_makes_what_is_declared_and_then_nothing() {
    let house = House::with(SHOP);
    let first = house.json(&["up", "--dry-run"]);
    assert_eq!(first["moves"].as_array().unwrap().len(), 4);
    assert!(house.panes().is_empty());

    house.ok(&["up"]);
    let again = house.json(&["up"]);

    assert_eq!(again["moves"], serde_json::json!([]));
    assert_eq!(house.panes().len(), 3);
    assert!(house.panes().iter().all(|pane| pane["state"] == "running"));
}

#[test]
fn an_edit_of_the_file_moves_only_what_changed() {
    let house = House::with(SHOP);
    house.ok(&["up"]);
    let (shell, api) = (house.pane("shell"), house.pane("api"));

    house.write("gaia.toml", &SHOP.replace("[\"sleep\", \"1000\"]", "[\"sleep\", \"2000\"]"));
    let moves = house.json(&["up"])["moves"].clone();

    assert_eq!(moves, serde_json::json!(["restart run.api"]));
    house.until("the new program runs", || house.pane("api")["incarnation"] == 2);
    assert_eq!(house.pane("shell")["pid"], shell["pid"]);
    assert!(!alive(number(&api["pid"])));

    let without = SHOP.split("[[windows.panes]]\nname = \"web\"").next().unwrap().to_owned();
    house.write("gaia.toml", &without.replace("\"1000\"", "\"2000\""));
    assert_eq!(house.json(&["up"])["moves"], serde_json::json!(["close run.web"]));
    house.until("the pane is gone", || house.panes().len() == 2);
}

#[test]
fn down_ends_every_process_of_the_session() {
    let house = House::with(SHOP);
    house.ok(&["up"]);
    let pids: Vec<i32> = house.panes().iter().map(|pane| number(&pane["pid"])).collect();
    house.ok(&["down"]);
    assert!(pids.iter().all(|pid| !alive(*pid)));
    assert!(house.panes().is_empty());
    assert_eq!(house.tmux(&["list-sessions", "-F", "#{session_name}"]), "gaia-ctl");
}

#[test]
fn what_is_sent_is_typed_and_what_is_shown_is_captured() {
    let house = House::new();
    house.ok(&["session", "new", "demo", "--layout", "crew"]);
    house.ok(&["session", "send", "demo:1.1", "echo $((40+2))"]);
    house.until("the answer is on the screen", || {
        house.json(&["session", "capture", "demo:1.1"])["lines"]
            .as_array()
            .unwrap()
            .iter()
            .any(|line| line == "42")
    });
    house.until("and in the log", || {
        house.ok(&["session", "logs", "demo:1.1"]).contains("\r\n42\r\n")
    });
    assert!(house.ok(&["session", "logs", "demo:1.1", "--grep", "^42"]).starts_with("42"));
}

#[test]
fn a_text_of_any_size_arrives_byte_for_byte() {
    let house = House::with(
        "name = \"s\"\n[[windows]]\n[[windows.panes]]\nname = \"reader\"\nrun = \"stty raw -echo; echo ready; head -c 200000 > got; echo done; exec sleep 1000\"\n",
    );
    house.ok(&["up"]);
    house.until("it reads", || house.ok(&["session", "logs", "s"]).contains("ready"));
    let line = "\"'`$HOME ~ ; #{pane_id} \u{1b}[31m ünï👩‍👩‍👧 \\033\t%5\n";
    let text: String = line.chars().cycle().take(190_000).collect();
    let text = &text[..text.floor_char_boundary(199_990)];
    let filled = format!("{text}{}", "x".repeat(200_000 - text.len()));
    let mut send = house.command(&["session", "send", "s", "--no-enter"]);
    let mut child = send.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(filled.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    house.until("all of it was read", || house.ok(&["session", "logs", "s"]).contains("done"));
    assert!(std::fs::read(house.workspace().join("got")).unwrap() == filled.as_bytes());
}

#[test]
fn a_pane_closed_by_hand_stays_closed_until_it_is_asked_for() {
    let house = House::with(&SHOP.replace(
        "command = [\"sleep\", \"1000\"]",
        "command = [\"sleep\", \"1000\"]\non_exit = \"restart\"",
    ));
    house.ok(&["up"]);
    let pid = number(&house.pane("api")["pid"]);
    house.tmux(&["kill-pane", "-t", house.pane("api")["tmux"].as_str().unwrap()]);

    house.until("it is closed", || house.pane("api")["state"] == "closed");
    assert!(!alive(pid));
    assert_eq!(house.pane("api")["exit"]["reason"], "hangup");
    house.until("it is told who closed it", || {
        let closed = house.json(&["ledger", "show", "--kind", "pane.closed"]);
        closed[0]["body"]["by"] == "operator"
    });

    house.ok(&["up"]);
    assert_eq!(house.pane("api")["state"], "running");
}

#[test]
fn what_a_person_makes_in_tmux_is_seen_and_left_alone() {
    let house = House::with(SHOP);
    house.ok(&["up"]);
    house.tmux(&["split-window", "-d", "-t", "=shop:work", "sleep", "1000"]);
    house.until("it is seen", || house.panes().iter().any(|pane| pane["managed"] == false));
    assert_eq!(house.json(&["up"])["moves"], serde_json::json!([]));
    house.tmux(&["rename-session", "-t", "=shop", "store"]);
    house.until("the new name is taken over", || {
        house.json(&["session", "list"])[0]["name"] == "store"
    });
    let web = house.pane("web")["tmux"].as_str().unwrap().to_owned();
    house.tmux(&["break-pane", "-d", "-s", &web, "-t", "=store:"]);
    house.until("the pane stands where it was moved", || {
        let list = house.json(&["session", "list"]);
        list[0]["windows"].as_array().unwrap().len() == 3
    });
    assert_eq!(house.pane("web")["state"], "running");
}

#[test]
fn a_program_that_ends_says_how() {
    let house = House::with(
        "name = \"s\"\n[[windows]]\n[[windows.panes]]\nname = \"three\"\nrun = \"exit 3\"\n[[windows.panes]]\nname = \"seg\"\nrun = \"kill -SEGV $$\"\n[[windows.panes]]\nname = \"none\"\ncommand = [\"no-such-program\"]\n[[windows.panes]]\nname = \"gone\"\nrun = \"exit 0\"\non_exit = \"close\"\n",
    );
    house.ok(&["up"]);
    house.until("all have ended", || {
        house.panes().iter().all(|pane| pane["state"] == "exited" || pane["state"] == "closed")
    });
    assert_eq!(house.pane("three")["exit"]["code"], 3);
    assert_eq!(house.pane("seg")["exit"]["signal"], 11);
    assert_eq!(house.pane("none")["exit"]["code"], 127);
    assert!(house.pane("none")["exit"]["reason"].to_string().contains("there is no program"));
    assert_eq!(house.pane("gone")["state"], "closed");
    let screen = house.json(&["session", "capture", "s:window-1.three"]);
    assert!(screen["lines"].to_string().contains("exited with 3"), "{screen}");
}

#[test]
fn a_program_marked_restart_comes_back() {
    let house = House::with(
        "name = \"s\"\n[[windows]]\n[[windows.panes]]\nname = \"api\"\nrun = \"exec sleep 1000\"\non_exit = \"restart\"\n",
    );
    house.ok(&["up"]);
    let pid = number(&house.pane("api")["pid"]);
    crate::house::kill(pid, "KILL");
    house.until("a new life runs", || {
        let pane = house.pane("api");
        pane["incarnation"] == 2 && pane["state"] == "running" && pane["pid"] != pid
    });
}

#[test]
fn panes_and_windows_can_be_added_and_survive_an_up() {
    let house = House::with(SHOP);
    house.ok(&["up"]);
    house.ok(&["session", "add-pane", "shop:work", "--name", "extra", "--", "sleep", "1000"]);
    house.ok(&["session", "add-window", "shop", "--name", "more"]);
    assert_eq!(house.panes().len(), 5);
    assert_eq!(house.json(&["up"])["moves"], serde_json::json!([]));
    assert_eq!(house.pane("extra")["state"], "running");
    house.ok(&["session", "kill", "shop:more"]);
    house.ok(&["session", "rename", "shop", "store"]);
    assert_eq!(house.json(&["session", "list"])[0]["name"], "store");
}

#[test]
fn after_a_reboot_a_session_is_restored_and_asks_before_it_runs() {
    let house = House::with(&SHOP.replace(
        "command = [\"sleep\", \"1000\"]",
        "command = [\"sleep\", \"1000\"]\nautostart = true",
    ));
    house.ok(&["up"]);
    // A reboot ends everything at once, shims included.
    let shims = house.panes();
    house.crash();
    let server = house.server_pid().unwrap();
    let home = house.home();
    for pid in crate::house::processes() {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&line).contains(home.to_str().unwrap()) {
            crate::house::kill(pid, "KILL");
        }
    }
    until("all is dead", || {
        !alive(server) && shims.iter().all(|pane| !alive(number(&pane["pid"])))
    });

    assert!(house.panes().iter().all(|pane| pane["state"] == "lost"));
    house.ok(&["session", "restore"]);

    let state = |title: &str| house.pane(title)["state"].clone();
    assert_eq!((state("shell"), state("api")), ("running".into(), "running".into()));
    assert_eq!(state("web"), "held");
    house.ok(&["session", "send", "shop:run.web", "r", "--keys"]);
    house.until("the key runs it", || state("web") == "running");
}

#[test]
fn definitions_of_other_tools_come_up() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/");
    for (file, session, panes) in [
        ("tmuxinator.yml", "sample", 7),
        ("tmuxp.yaml", "4-pane-split", 7),
        ("smug.yml", "blog", 3),
    ] {
        let house = House::new();
        let reply =
            house.json(&["session", "import", &format!("{fixtures}{file}"), "--write", "."]);
        assert!(reply["file"].as_str().unwrap().ends_with("gaia.toml"), "{reply}");
        house.ok(&["up"]);
        assert_eq!(house.json(&["session", "list"])[0]["name"], session);
        assert_eq!(house.panes().len(), panes, "{file}");
        assert!(house.panes().iter().all(|pane| pane["state"] == "running"), "{file}");
        let again =
            house.gaia(&["session", "import", &format!("{fixtures}{file}"), "--write", "."]);
        assert_eq!(again.status.code(), Some(1), "an existing file is kept");
    }
}

#[test]
fn a_session_saved_as_a_layout_opens_again() {
    let house = House::with(SHOP);
    house.ok(&["up"]);
    house.ok(&["session", "save", "shop", "--as", "kept"]);
    house.ok(&["session", "new", "copy", "--layout", "kept"]);
    let commands = |session: &str| {
        let view = house.json(&["session", "show", session]);
        let windows = view["windows"].as_array().unwrap().clone();
        let panes = windows.iter().flat_map(|w| w["panes"].as_array().unwrap().clone());
        panes.map(|p| (p["title"].clone(), p["command"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(commands("copy"), commands("shop"));
}

#[test]
fn only_idle_sessions_are_pruned() {
    let house = House::with(SHOP);
    house.ok(&["up"]);
    house.ok(&["session", "new", "idle"]);
    house.until("its shell waits at its prompt", || {
        let reply = house.json(&["session", "prune", "--idle", "0s", "--dry-run"]);
        reply["ended"] == serde_json::json!(["idle"])
    });
    let reply = house.json(&["session", "prune", "--idle", "0s"]);
    assert!(reply["kept"][0].as_str().unwrap().starts_with("shop: `sleep 1000` works"), "{reply}");
    assert_eq!(house.json(&["session", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_recording_is_what_was_written() {
    let house = House::with(
        "name = \"s\"\n[[windows]]\n[[windows.panes]]\nname = \"a\"\nrun = \"echo one; echo two; exec sleep 1000\"\n",
    );
    house.ok(&["up"]);
    house.until("it wrote", || house.ok(&["session", "logs", "s"]).contains("two"));
    let file = house.workspace().join("a.cast");
    house.ok(&["session", "replay", "s", "--export", file.to_str().unwrap()]);
    let text = std::fs::read_to_string(file).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["version"], &lines[0]["width"]), (&2.into(), &200.into()));
    let shown: String =
        lines[1..].iter().filter_map(|l| (l[1] == "o").then(|| l[2].as_str())?).collect();
    assert_eq!(shown, "one\r\ntwo\r\n");
    assert_eq!(
        house.ok(&["session", "replay", "s", "--speed", "1000"]).replace("\x1b[0m\n", ""),
        shown
    );
}

#[test]
fn a_pane_whose_program_ended_takes_no_text() {
    let house = House::with(
        "name = \"s\"\n[[windows]]\n[[windows.panes]]\nname = \"a\"\nrun = \"exit 0\"\n",
    );
    house.ok(&["up"]);
    house.until("it ended", || house.pane("a")["state"] == "exited");
    let output = house.gaia(&["session", "send", "s", "hello"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(crate::house::seen(&output).contains("its program does not run"));
    house.ok(&["session", "restart", "s"]);
    house.until("it ran again", || house.pane("a")["incarnation"] == 2);
}
