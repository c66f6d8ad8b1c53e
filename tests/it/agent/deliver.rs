//! Prompts typed into an agent's own screen: exact, with a receipt, never over a person's draft.

use std::process::Output;

use serde_json::Value;

use super::yard::Yard;
use crate::house::{alive, seen};

/// It keeps each prompt: the last one whole, and a line for every one; it stops at a gate. A turn
/// takes as long as the shortest of a real one; a shorter one may end between two looks.
const STEPS: &str = "[[step]]\nwhen_prompt = '^'\npause_ms = 600\n[[step]]\nwhen_prompt = '^'\nwrite = { path = 'got', content = '{{prompt}}' }\n\
    [[step]]\nwhen_prompt = '^'\nrun = 'sha256sum < got >> {here}/out/prompts'\n\
    [[step]]\nwhen_prompt = 'the gate'\nrun = 'read x < {here}/out/gate'\n\
    [[step]]\nwhen_prompt = 'a question'\nask = 'Which one?'\n\
    [[step]]\nsay = 'so it is'\nwhen_prompt = '^'\n";

fn yard() -> Yard {
    let agent = "[agents.one]\ndriver = \"script\"\nmode = \"interactive\"\n\
        args = [\"--file\", \"{here}/one.toml\"]\nfence = { also_write = [\"{here}/out\"] }\n";
    Yard::new(agent, &[("one.toml", STEPS)])
}

/// A yard whose agent has had its first prompt and sits there.
fn sitting() -> Yard {
    let yard = yard();
    let task = yard.does("the first one", &[], "done");
    assert_eq!(task["receipts"][0]["state"], "accepted", "{task:#}");
    assert_eq!(got(&yard), "the first one");
    yard
}

fn got(yard: &Yard) -> String {
    yard.text("w.worktrees/t1/got")
}

/// Sends a text through standard input.
fn send(yard: &Yard, text: &str) -> Output {
    std::fs::write(yard.at("text"), text).unwrap();
    let mut command = yard.house.command(&["agent", "send", "one", "--json"]);
    command.stdin(std::fs::File::open(yard.at("text")).unwrap()).output().unwrap()
}

fn receipt(output: &Output) -> Value {
    let reply: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no receipt: {}", seen(output)));
    reply["receipt"]["state"].clone()
}

/// What became of the last text.
fn last(task: &Value) -> Value {
    let last = task["attempts"].as_array().and_then(|all| all.last()).unwrap();
    last["receipt"]["state"].clone()
}

#[test]
fn every_text_arrives_as_it_is() {
    let yard = sitting();
    let long = |bytes: usize| -> String {
        let lines = (0..).map(|n| format!("{n} the quick brown fox\n"));
        let text: String = lines.take(bytes / 20 + 1).collect();
        text.chars().take(bytes).collect::<String>() + "."
    };
    let texts = [
        ("a trailing ;", "hello;".to_owned()),
        ("three lines", "one\n  two\nthree".to_owned()),
        ("a format of tmux", "#{pane_id} #[fg=red] #(touch x) %1".to_owned()),
        ("unicode", "grüße 你好 🦀 e\u{301}".to_owned()),
        ("quotes", "'a' \"b\" `c` $HOME \\n \\".to_owned()),
        ("8 KB", long(8_000)),
        ("120 KB", long(120_000)),
    ];
    for (name, text) in texts {
        let output = send(&yard, &text);
        assert_eq!(receipt(&output), "accepted", "{name}: {}", seen(&output));
        yard.ends("t1", "done");
        let arrived = got(&yard);
        assert!(arrived == text, "{name}: {} bytes of {}", arrived.len(), text.len());
        eprintln!("{name:<20}{:>8} bytes  accepted, exact", text.len());
    }
    assert_eq!(yard.text("out/prompts").lines().count(), 8);
}

#[test]
fn what_it_does_is_seen() {
    let yard = yard();
    yard.gate("gate");
    let id = yard.add("go to the gate", &[]);
    yard.until(&id, "it is seen to work", |task| task["activity"] == "working");
    yard.open("gate");
    yard.ends(&id, "done");
    yard.house.ok(&["agent", "wait", "one", "--until", "idle", "--timeout", "20s"]);
    assert_eq!(receipt(&send(&yard, "a question")), "accepted");
    let item = yard.item();
    yard.until(&id, "it is seen to wait", |task| {
        task["activity"].as_str().is_some_and(|word| word.starts_with("waiting"))
    });
    yard.house.ok(&["answer", item["id"].as_str().unwrap(), "that one"]);
    yard.until(&id, "it is done", |task| task["state"] == "done");
    let explained = yard.house.ok(&["agent", "explain", "one"]);
    assert!(explained.contains("idle"), "{explained}");
}

#[test]
fn a_draft_of_a_person_is_left_as_it_is() {
    let yard = sitting();
    let unit = yard.task("t1")["attempts"][0]["unit"].as_str().unwrap().to_owned();
    yard.house.ok(&["session", "send", &unit, "my own draft", "--no-enter"]);
    let shows = |text: &str| yard.house.ok(&["agent", "read", "one"]).contains(text);
    yard.house.until("the draft is shown", || shows("> my own draft"));
    let output = send(&yard, "something else");
    assert_eq!(receipt(&output)["refused"], "draft", "{}", seen(&output));
    assert!(shows("> my own draft"), "it was overwritten");
    assert!(!shows("something else"));
    assert_eq!(yard.text("out/prompts").lines().count(), 1);
}

#[test]
fn a_person_who_looks_back_is_waited_for() {
    let yard = sitting();
    let pane = yard.house.panes()[0]["tmux"].as_str().unwrap().to_owned();
    yard.house.tmux(&["copy-mode", "-t", &pane]);
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| send(&yard, "later"));
        yard.until("t1", "the text waits", |task| {
            assert!(!sent.is_finished(), "it was not waited: {task:#}");
            task["state"] == "running" && last(task) == "queued"
        });
        assert_eq!(yard.text("out/prompts").lines().count(), 1);
        yard.house.tmux(&["send-keys", "-t", &pane, "-X", "cancel"]);
        let output = sent.join().unwrap();
        assert_eq!(receipt(&output), "accepted", "{}", seen(&output));
    });
    yard.ends("t1", "done");
    assert_eq!(got(&yard), "later");
}

#[test]
fn a_text_for_a_program_that_has_ended_is_refused() {
    let yard = sitting();
    yard.house.ok(&["agent", "stop", "one"]);
    let output = send(&yard, "anybody there");
    assert!(!output.status.success(), "{}", seen(&output));
    assert_eq!(yard.text("out/prompts").lines().count(), 1);
}

/// The daemon dies at every change between typing and the sign that a prompt was taken.
#[test]
fn a_prompt_is_never_typed_twice_wherever_the_daemon_dies() {
    let (mut accepted, mut doubted, mut never) = (0, 0, 0);
    for at in 1.. {
        let yard = sitting();
        yard.house.ok(&["daemon", "stop"]);
        let mut command = yard.house.command(&["agent", "send", "one", "the second one"]);
        let first = command.env("GAIA_CRASH_AT", at.to_string()).output().unwrap();
        let through = first.status.success() && yard.house.daemon_pid().is_some_and(alive);
        yard.house.end();
        let task = yard.until("t1", "it comes to rest", |task| task["state"] != "running");
        let prompts = yard.text("out/prompts").lines().count();
        assert!(prompts <= 2, "crash at {at}: typed twice\n{task:#}");
        let state = last(&task);
        assert!(prompts == 1 || got(&yard) == "the second one", "crash at {at}: another text");
        match (prompts, &state) {
            (2, state) if *state == "accepted" => accepted += 1,
            (_, state) if state.is_object() => {
                assert_eq!(yard.item()["kind"], "delivery", "crash at {at}: {task:#}");
                doubted += 1;
            }
            _ => never += 1,
        }
        yard.house.ok(&["ledger", "verify"]);
        if through {
            break;
        }
        assert!(at < 60, "it never ran through: {}", seen(&first));
    }
    eprintln!("agent send: {accepted} taken, {doubted} asked about, {never} not begun, 0 doubled");
}
