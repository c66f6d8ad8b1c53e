use serde_json::json;

use crate::house::{House, fed, text};

#[test]
fn a_hook_tells_the_daemon_and_the_program_its_answer() {
    let house = House::new();
    let answer = json!({"print": "{\"decision\":\"x\"}", "exit": 2});
    let daemon = house.daemon().says("/v1/self/hook", answer);
    let done = fed(&mut house.gaia(&["hook", "PreToolUse"]), br#"{"tool_name":"Bash"}"#);
    assert_eq!(text(&done.stdout), "{\"decision\":\"x\"}\n");
    assert_eq!(done.status.code(), Some(2));
    let body = json!({"event": "PreToolUse", "payload": {"tool_name": "Bash"}});
    assert_eq!(daemon.asked(), [("/v1/self/hook".to_owned(), body)]);
}

#[test]
fn a_message_may_be_an_argument_and_need_not_be_json() {
    let house = House::new();
    let daemon = house.daemon().says("/v1/self/hook", json!({"print": "", "exit": 0}));
    for args in [&["notify", r#"{"type":"a"}"#][..], &["hook", "Notify", r#"{"type":"a"}"#]] {
        let done = fed(&mut house.gaia(args), b"");
        assert!(done.status.success() && done.stdout.is_empty(), "{args:?}: {done:?}");
    }
    fed(&mut house.gaia(&["hook", "Stop"]), b"no \"json\"");
    fed(&mut house.gaia(&["hook", "Stop"]), b"");
    let asked: Vec<_> = daemon.asked().into_iter().map(|(_, body)| body).collect();
    let notify = json!({"event": "Notify", "payload": {"type": "a"}});
    let loose = json!({"event": "Stop", "payload": "no \"json\""});
    assert_eq!(asked, [notify.clone(), notify, loose, json!({"event": "Stop", "payload": null})]);
}

#[test]
fn without_a_daemon_a_hook_is_silent_unless_it_is_to_be_strict() {
    let house = House::new();
    let call = |event: &str, strict: bool| {
        let mut command = house.gaia(&["hook", event]);
        if strict {
            command.env("GAIA_HOOK_STRICT", "1");
        }
        let done = fed(&mut command, b"{}");
        assert_eq!(done.status.code(), Some(0));
        text(&done.stdout)
    };
    assert_eq!(call("PreToolUse", false), "");
    assert_eq!(call("Stop", true), "");
    let deny = call("PreToolUse", true);
    assert!(deny.contains(r#""permissionDecision":"deny""#), "{deny}");
    let deny = call("BeforeTool", true);
    assert!(deny.contains(r#""decision":"deny""#), "{deny}");
}

#[test]
fn a_message_that_is_too_long_is_taken_in_and_judged_by_nobody() {
    let house = House::new();
    let daemon = house.daemon().says("/v1/self/hook", json!({"print": "", "exit": 0}));
    let long = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes();
    let mut command = house.gaia(&["hook", "PreToolUse"]);
    let done = fed(command.env("GAIA_HOOK_STRICT", "1"), &long((8 << 20) + 1));
    assert!(text(&done.stdout).contains("longer than 8 MiB"), "{done:?}");
    assert!(daemon.asked().is_empty());
    fed(&mut house.gaia(&["hook", "PreToolUse"]), &long(8 << 20));
    assert_eq!(daemon.asked().len(), 1);
}

#[test]
fn how_long_a_hook_takes() {
    let house = House::new();
    let _daemon = house.daemon().says("/v1/self/hook", json!({"print": "{}", "exit": 0}));
    let mut times: Vec<_> = (0..50)
        .map(|_| {
            let start = std::time::Instant::now();
            let done = fed(&mut house.gaia(&["hook", "PreToolUse"]), b"{\"tool_name\":\"Bash\"}");
            assert!(done.status.success());
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("hook, whole process: median {:?}, worst {:?}", times[25], times[49]);
}
