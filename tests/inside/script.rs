use std::{
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::house::{House, fed, text, until};

/// Plays without a screen; the records it printed, and its exit code.
fn play(house: &House, script: &str, more: &[&str], prompt: &str) -> (Vec<Value>, Option<i32>) {
    let file = house.write("task.toml", script).display().to_string();
    let args = [&["script", "--file", &file], more].concat();
    let done = fed(&mut house.gaia(&args), prompt.as_bytes());
    let records = text(&done.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(text(&done.stderr), "");
    (records, done.status.code())
}

#[test]
fn a_task_is_played_and_told_in_records() {
    let house = House::new();
    let daemon = house
        .daemon()
        .says("/v1/self/ask", json!({"answer": "blue", "by": "ada"}))
        .says("/v1/self/report", json!({}))
        .says("/v1/self/finish", json!({}));
    let script = r#"
        [[step]]
        say = "I begin: {{prompt}}"
        [[step]]
        write = { path = "sub/a.txt", content = "one two three\n" }
        [[step]]
        ask = "which colour?"
        options = ["red", "blue"]
        [[step]]
        edit = { path = "sub/a.txt", old = "two", new = "{{answer}}" }
        [[step]]
        run = "cat sub/a.txt; echo \"{{answer}}\" >&2"
        [[step]]
        run = "exit 3"
        may_fail = true
        [[step]]
        report = "half"
        [[step]]
        when_prompt = "never"
        say = "not said"
        [[step]]
        usage = { input = 100, output = 20, cache_read = 5, cost_usd = 0.25 }
        [[step]]
        usage = { input = 1 }
        [[step]]
        finish = { summary = "made it {{answer}}", deliverables = ["sub/a.txt"] }
    "#;
    let (records, code) = play(&house, script, &["--session-id", "s1"], "paint");
    assert_eq!(code, Some(0), "{records:?}");
    assert_eq!(
        std::fs::read_to_string(house.work().join("sub/a.txt")).unwrap(),
        "one blue three\n"
    );
    assert_eq!((&records[0]["subtype"], &records[0]["session_id"]), (&json!("init"), &json!("s1")));
    assert!(records[0]["note"].as_str().unwrap().contains("no model"));
    assert_eq!(records[1], json!({"type": "assistant", "text": "I begin: paint"}));
    assert!(
        records
            .iter()
            .any(|r| r["text"].as_str().is_some_and(|t| t.ends_with("one blue three\nblue")))
    );
    let usage = json!({
        "input_tokens": 101, "output_tokens": 20, "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 0,
    });
    let last = json!({
        "type": "result", "is_error": false, "result": "made it blue", "session_id": "s1",
        "num_turns": 1, "usage": usage, "total_cost_usd": 0.25,
    });
    assert_eq!(records.last().unwrap(), &last);
    let asked = daemon.asked();
    assert_eq!(asked[0].1, json!({"question": "which colour?", "options": ["red", "blue"]}));
    assert_eq!(asked[2].1, json!({"summary": "made it blue", "deliverables": ["sub/a.txt"]}));
}

#[test]
fn a_step_that_fails_ends_the_play() {
    let house = House::new();
    house.write("work/two.txt", "x x");
    let outside = house.root.path().join("out.txt").display().to_string();
    let cases = [
        ("fail = 'it broke'".to_owned(), "it broke"),
        ("run = 'exit 3'".to_owned(), "ended with exit code 3"),
        ("run = 'kill -9 $$'".to_owned(), "ended by a signal"),
        ("edit = { path = 'two.txt', old = 'x', new = 'y' }".to_owned(), "2 times, not once"),
        ("edit = { path = 'none.txt', old = 'x', new = 'y' }".to_owned(), "cannot be read"),
        ("write = { path = '../out.txt', content = '' }".to_owned(), "is not below"),
        (format!("write = {{ path = '{outside}', content = '' }}"), "is not below"),
        ("report = 'x'".to_owned(), "gaia does not answer"),
        ("ask = 'x'".to_owned(), "gaia does not answer"),
    ];
    for (step, why) in cases {
        let script = format!("[[step]]\n{step}\n[[step]]\nsay = 'after'\n");
        let (records, code) = play(&house, &script, &[], "");
        let last = records.last().unwrap();
        assert_eq!(code, Some(1), "{step}");
        assert_eq!((&last["is_error"], &last["error_class"]), (&json!(true), &json!("failed")));
        assert!(last["result"].as_str().unwrap().contains(why), "{step}: {last}");
        assert!(!records.iter().any(|record| record["text"] == "after"));
    }
    assert!(!std::path::Path::new(&outside).exists());
}

#[test]
fn a_conversation_goes_on_after_its_limit() {
    let house = House::new();
    let state = house.root.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let state = state.display().to_string();
    let script = "[[step]]\nsay = 'one'\n[[step]]\nlimit = { until_s = 3600 }\n[[step]]\nsay = 'two'\n\
        [[step]]\nwhen_prompt = 'again'\nsay = 'once more'\n";
    let said = |records: &[Value]| -> Vec<String> {
        let said = records.iter().filter(|record| record["type"] == "assistant");
        said.map(|record| record["text"].as_str().unwrap().to_owned()).collect()
    };
    let (records, code) = play(&house, script, &["--state", &state, "--session-id", "s1"], "go");
    let last = records.last().unwrap();
    assert_eq!((said(&records), code), (vec!["one".to_owned()], Some(1)));
    assert_eq!(last["error_class"], "limited");
    assert!(last["resets_at"].as_u64().unwrap() > 1_700_000_000);
    let resume = ["--state", &state, "--resume", "s1"];
    let (records, code) = play(&house, script, &resume, "go on");
    assert_eq!((said(&records), code), (vec!["two".to_owned()], Some(0)));
    assert_eq!(records[0]["session_id"], "s1");
    assert_eq!(said(&play(&house, script, &resume, "again").0), ["once more"]);
    assert_eq!(said(&play(&house, script, &resume, "again").0), ["once more"]);
    let file = house.root.path().join("task.toml").display().to_string();
    let unknown = ["script", "--file", &file, "--state", &state, "--resume", "s2"];
    let done = fed(&mut house.gaia(&unknown), b"");
    assert_eq!(done.status.code(), Some(4));
    assert!(text(&done.stderr).contains("no conversation `s2`"));
}

#[test]
fn a_question_of_a_script_outlives_a_restart_of_the_daemon() {
    let house = House::new();
    let first = house.daemon().holds("/v1/self/ask");
    let file = house.write("task.toml", "[[step]]\nask = 'well?'\n[[step]]\nsay = '{{answer}}'\n");
    let mut command = house.gaia(&["script", "--file", file.to_str().unwrap()]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    first.until_asked("/v1/self/ask");
    first.end();
    let _second = house.daemon().says("/v1/self/ask", json!({"answer": "yes", "by": ""}));
    let done = child.wait_with_output().unwrap();
    assert!(text(&done.stdout).contains(r#"{"type":"assistant","text":"yes"}"#), "{done:?}");
}

#[test]
fn a_file_with_faults_is_refused_with_their_places() {
    let house = House::new();
    let file = house.write("task.toml", "[[step]]\nsay = 'a'\n\n[[step]]\nreprt = 'b'\n");
    let done = fed(&mut house.gaia(&["script", "--file", file.to_str().unwrap()]), b"");
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(2));
    assert!(said.contains("task.toml:5:1: ") && said.contains("did you mean `report`?"), "{said}");
    let done = fed(&mut house.gaia(&["script", "--file", "/none.toml"]), b"");
    assert!(text(&done.stderr).contains("/none.toml cannot be read"), "{done:?}");
}

#[test]
fn a_step_waits_for_a_file() {
    let house = House::new();
    let file = house.write("task.toml", "[[step]]\nwait_file = 'go'\n[[step]]\nsay = 'gone'\n");
    let mut command = house.gaia(&["script", "--file", file.to_str().unwrap()]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    house.write("work/go", "");
    assert!(child.wait_with_output().unwrap().status.success());
}

/// A terminal with the player in it.
struct Pane {
    child: Child,
    keys: std::fs::File,
    seen: Arc<Mutex<String>>,
}

impl Pane {
    fn new(house: &House, script: &str) -> Self {
        let file = house.write("task.toml", script).display().to_string();
        let size = nix::pty::Winsize { ws_row: 20, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = nix::pty::openpty(&size, None).unwrap();
        let mut command = house.gaia(&["script", "--file", &file, "--interactive"]);
        let side = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        command.stdin(side(&pty.slave)).stdout(side(&pty.slave)).stderr(side(&pty.slave));
        let child = command.spawn().unwrap();
        drop((command, pty.slave));
        let keys = std::fs::File::from(pty.master);
        let (mut output, seen) = (keys.try_clone().unwrap(), Arc::new(Mutex::new(String::new())));
        let into = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { child, keys, seen }
    }

    fn key(&mut self, bytes: &str) {
        self.keys.write_all(bytes.as_bytes()).unwrap();
    }

    /// Waits until the last picture has this.
    fn shows(&self, what: &str) {
        until(what, || {
            let seen = self.seen.lock().unwrap().clone();
            let last = seen.rsplit("\x1b]2;script: ").next().unwrap_or_default().to_owned();
            if last.contains(what) { Ok(()) } else { Err(last) }
        });
    }

    fn ends(mut self) -> String {
        assert!(self.child.wait().unwrap().success());
        // What it wrote last is read a moment after its end.
        until("the terminal as it was", || {
            let seen = self.seen.lock().unwrap().clone();
            if seen.contains("\x1b[?2004l") { Ok(()) } else { Err(seen) }
        });
        let seen = self.seen.lock().unwrap();
        seen.clone()
    }
}

#[test]
fn a_pane_takes_a_paste_plays_and_can_be_interrupted() {
    let house = House::new();
    let script = "[[step]]\nwhen_prompt = 'two;'\nwrite = { path = 'prompt', content = '{{prompt}}' }\n\
        [[step]]\nwhen_prompt = 'two;'\nsay = 'well'\n[[step]]\nwhen_prompt = 'wait'\nhang = true\n";
    let mut pane = Pane::new(&house, script);
    pane.shows("idle\x07");
    pane.shows("no model is asked");
    pane.key("a person's draft");
    pane.shows("> a person's draft");
    pane.key("\x15\x1b[200~one\rtwo; #{x} ü\n\x1b[201~");
    pane.shows("> one\x1b[K\r\n  two; #{x} ü");
    pane.key("\r");
    pane.shows("● well");
    pane.shows("you: one … (2 lines)");
    pane.shows("idle\x07");
    let prompt = std::fs::read_to_string(house.work().join("prompt")).unwrap();
    assert_eq!(prompt, "one\ntwo; #{x} ü\n");
    pane.key("wait\r");
    pane.shows("working… (esc to interrupt)");
    pane.shows("working\x07");
    pane.key("\x1b");
    pane.shows("interrupted");
    pane.shows("idle\x07");
    pane.key("\x03\x03");
    let seen = pane.ends();
    assert!(seen.contains("\x1b[?2004h") && seen.contains("\x1b[?2004l"));
}

#[test]
fn a_long_paste_arrives_whole() {
    let house = House::new();
    let script =
        "[[step]]\nwrite = { path = 'prompt', content = '{{prompt}}' }\n[[step]]\nsay = 'taken'\n";
    let mut pane = Pane::new(&house, script);
    pane.shows("idle\x07");
    let long: String = (0..16_384).map(|line| format!("line {line:026}\n")).collect();
    assert_eq!(long.len(), 512 << 10);
    pane.key(&format!("\x1b[200~{long}\x1b[201~"));
    pane.shows("rows above]");
    pane.key("\r");
    pane.shows("● taken");
    pane.key("/exit\r");
    pane.ends();
    assert!(std::fs::read_to_string(house.work().join("prompt")).unwrap() == long);
}

#[test]
fn prompts_wait_for_their_turn() {
    let house = House::new();
    let script = "[[step]]\nwhen_prompt = 'first'\nwait_file = 'go'\n\
        [[step]]\nwhen_prompt = 'second'\nsay = 'both'\n";
    let mut pane = Pane::new(&house, script);
    pane.shows("idle\x07");
    pane.key("first\r");
    pane.shows("waits for go");
    pane.key("second\r");
    pane.shows("you: second");
    house.write("work/go", "");
    pane.shows("● both");
    pane.key("\x04");
    pane.ends();
}
