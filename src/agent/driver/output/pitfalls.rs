//! What makes of agents do that misleads, one row each.

use serde_json::json;

use super::{Class, Outcome, Reader, Sign, Tokens};
use crate::agent::driver::{Driver, builtin};

fn reader(make: &str) -> Reader {
    Reader::new(&Driver::load(make, builtin(make).unwrap()).unwrap())
}

fn end(make: &str, lines: &str, code: i32) -> Outcome {
    let mut reader = reader(make);
    reader.feed(lines.as_bytes());
    reader.end(Some((Some(code), None)))
}

#[test]
fn success_of_claude_is_none_if_the_same_line_says_error() {
    let line = r#"{"type":"result","subtype":"success","is_error":true,"api_error_status":529,"result":"API Error: 529 x","session_id":"s","terminal_reason":"api_error"}"#;
    assert_eq!(end("claude", line, 1).class, Class::Transient);
    // Even an exit code of 0 does not make it one.
    assert_eq!(end("claude", line, 0).class, Class::Transient);
}

#[test]
fn claude_that_was_interrupted_leaves_with_0() {
    let line = r#"{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_tools","session_id":"s"}"#;
    let outcome = end("claude", line, 0);
    assert_eq!(outcome.class, Class::Killed);
    assert_eq!(outcome.text, None);
}

#[test]
fn the_limit_of_a_subscription_tells_when_it_passes() {
    let lines = concat!(
        r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1795260000,"rateLimitType":"five_hour"}}"#,
        "\r\n",
        r#"{"type":"result","subtype":"success","is_error":true,"api_error_status":429,"result":"You've hit your 5-hour limit","session_id":"s"}"#,
    );
    let mut reader = reader("claude");
    assert!(
        reader
            .feed(format!("{lines}\r\n").as_bytes())
            .contains(&Sign::Limited { until: Some(1_795_260_000) })
    );
    let outcome = reader.end(Some((Some(1), None)));
    assert_eq!((outcome.class, outcome.until), (Class::Limited, Some(1_795_260_000)));
}

#[test]
fn a_limit_that_passed_does_not_spoil_a_good_end() {
    let lines = concat!(
        r#"{"type":"system","subtype":"api_retry","attempt":1,"retry_delay_ms":500,"error_status":429,"error":"rate_limit"}"#,
        "\n",
        r#"{"type":"result","subtype":"success","is_error":false,"result":"ok","session_id":"s"}"#,
    );
    let mut reader = reader("claude");
    let signs = reader.feed(lines.as_bytes());
    let text = Some("rate_limit".to_owned());
    assert_eq!(signs, [Sign::Retrying { until_ms: Some(500), status: Some(429), text }]);
    assert_eq!(reader.end(Some((Some(0), None))).class, Class::Done);
}

#[test]
fn a_program_that_dies_after_its_answer_has_answered() {
    let line = r#"{"type":"result","is_error":false,"result":"ok","session_id":"s"}"#;
    assert_eq!(end("claude", line, 143).class, Class::Done);
    assert_eq!(end("claude", line, 1).class, Class::Failed);
}

#[test]
fn no_final_record_is_a_death_or_a_crash() {
    let line = r#"{"type":"system","subtype":"init","session_id":"s"}"#;
    for make in ["claude", "codex", "opencode", "qwen", "script"] {
        assert_eq!(end(make, line, 0).class, Class::Crashed, "{make}");
        assert_eq!(end(make, line, 1).class, Class::Crashed, "{make}");
        assert_eq!(end(make, line, 143).class, Class::Killed, "{make}");
        assert_eq!(reader(make).end(Some((None, Some(9)))).class, Class::Killed, "{make}");
        assert_eq!(reader(make).end(None).class, Class::Crashed, "{make}");
    }
    let why = end("claude", "", 0).why;
    assert_eq!(why.as_deref(), Some("it ended with code 0 and without a result"));
    assert_eq!(end("claude", "Segmentation fault", 139).class, Class::Killed);
}

#[test]
fn codex_counts_the_whole_conversation_and_the_cache_within_the_input() {
    let line = r#"{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":60,"cache_write_input_tokens":10,"output_tokens":5,"reasoning_output_tokens":3}}"#;
    let outcome = end("codex", line, 0);
    let tokens = Tokens { input: 30, output: 5, cache_read: 60, cache_write: 10, reasoning: 3 };
    assert!(outcome.cumulative);
    assert_eq!(outcome.tokens, tokens);
}

#[test]
fn codex_tells_what_happened_only_in_words() {
    let rows = [
        ("exceeded retry limit, last status: 429 Too Many Requests", Class::Limited),
        ("You've hit your usage limit. Try again at 5:37 AM.", Class::Limited),
        ("unexpected status 401 Unauthorized: x", Class::Auth),
        ("unexpected status 529 <unknown status code>: x, url: y", Class::Transient),
        ("We're currently experiencing high demand, which may cause", Class::Transient),
        ("stream disconnected before completion: x", Class::Transient),
        ("Codex ran out of room in the model's context window. Start a new", Class::Overflow),
        ("Quota exceeded. Check your plan and billing details.", Class::Quota),
        ("something else", Class::Failed),
    ];
    for (message, class) in rows {
        let line = json!({"type": "turn.failed", "error": {"message": message}}).to_string();
        let outcome = end("codex", &line, 1);
        assert_eq!((outcome.class, outcome.why.as_deref()), (class, Some(message)));
    }
}

#[test]
fn the_exit_code_of_gemini_is_the_http_status_modulo_256() {
    let line =
        r#"{"type":"result","status":"error","error":{"type":"unknown","message":"x"},"stats":{}}"#;
    let rows = [
        (173, Class::Limited),
        (145, Class::Auth),
        (147, Class::Auth),
        (41, Class::Auth),
        (244, Class::Transient),
        (247, Class::Transient),
        (17, Class::Transient),
        (53, Class::Turns),
        (144, Class::Failed),
    ];
    for (code, class) in rows {
        assert_eq!(end("gemini", line, code).class, class, "{code}");
    }
}

#[test]
fn gemini_that_turns_in_circles_says_success() {
    let lines = concat!(
        r#"{"type":"error","severity":"warning","message":"Loop detected, stopping execution"}"#,
        "\n",
        r#"{"type":"result","status":"success","stats":{}}"#,
    );
    let outcome = end("gemini", lines, 0);
    assert_eq!(outcome.class, Class::Failed);
    assert_eq!(outcome.why.as_deref(), Some("Loop detected, stopping execution"));
}

#[test]
fn gemini_that_is_ended_leaves_with_0_and_without_a_result() {
    let line = r#"{"type":"init","session_id":"s","model":"m"}"#;
    assert_eq!(end("gemini", line, 0).class, Class::Killed);
    assert_eq!(end("gemini", line, 1).class, Class::Crashed);
}

#[test]
fn the_answer_of_gemini_comes_in_pieces() {
    let piece = |role: &str, text: &str| {
        json!({"type": "message", "role": role, "content": text, "delta": true}).to_string()
    };
    let lines = [
        piece("user", "do"),
        piece("assistant", "first"),
        json!({"type": "tool_use", "tool_name": "x"}).to_string(),
        piece("assistant", "All "),
        piece("assistant", "done."),
        json!({"type": "result", "status": "success", "stats": {}}).to_string(),
    ];
    assert_eq!(end("gemini", &lines.join("\n"), 0).text.as_deref(), Some("All done."));
}

#[test]
fn opencode_is_stopped_before_it_sends_too_much_for_ever() {
    let line = "{\"type\":\"error\",\"sessionID\":\"s\",\"error\":{\"name\":\"ContextOverflowError\",\"data\":{}}}\n";
    let mut reader = reader("opencode");
    let stops = |signs: Vec<Sign>| {
        signs.iter().any(|sign| matches!(sign, Sign::StopNow { class: Class::Overflow, .. }))
    };
    assert!(!stops(reader.feed(line.as_bytes())));
    assert!(stops(reader.feed(line.as_bytes())));
    assert!(!stops(reader.feed(line.as_bytes())));
    assert_eq!(reader.end(Some((None, Some(9)))).class, Class::Overflow);
}

#[test]
fn steps_of_opencode_are_added_up() {
    let step = |reason: &str| {
        json!({"type": "step_finish", "part": {"reason": reason, "cost": 0.25, "tokens": {"input": 10, "output": 2, "reasoning": 1, "cache": {"read": 5, "write": 4}}}}).to_string()
    };
    let lines = format!("{}\n{}\n", step("tool-calls"), step("stop"));
    let outcome = end("opencode", &lines, 0);
    let tokens = Tokens { input: 20, output: 4, cache_read: 10, cache_write: 8, reasoning: 2 };
    assert_eq!(
        (outcome.class, outcome.tokens, outcome.cost_micros),
        (Class::Done, tokens, Some(500_000))
    );
    // A cut stream ends a step, and not the run.
    assert_eq!(end("opencode", &step("unknown"), 0).class, Class::Crashed);
}

#[test]
fn aider_leaves_with_0_whatever_happened() {
    let count = "Tokens: 1.2k sent, 23 received. Cost: $0.01 message, $0.02 session.";
    let rows = [
        (format!("{count}\r\nApplied edit to calc.py"), Class::Done),
        (
            format!("litellm.RateLimitError: x\r\nRetrying in 0.2 seconds...\r\n{count}"),
            Class::Done,
        ),
        ("litellm.RateLimitError: RateLimitError: OpenAIException - x".into(), Class::Limited),
        (format!("{count}\r\nlitellm.AuthenticationError: x"), Class::Auth),
        ("litellm.InternalServerError: x".into(), Class::Transient),
        ("litellm.APIConnectionError: x".into(), Class::Transient),
        ("litellm.BadRequestError: prompt is too long".into(), Class::Overflow),
        ("litellm.BadRequestError: other".into(), Class::Failed),
        ("Aider v0.86.2".into(), Class::Crashed),
    ];
    for (text, class) in rows {
        assert_eq!(end("aider", &text, 0).class, class, "{text}");
    }
    let outcome = end("aider", &format!("{count}\r\n{count}\r\n"), 0);
    let tokens = Tokens { input: 2400, output: 46, ..Tokens::default() };
    assert_eq!((outcome.tokens, outcome.cost_micros), (tokens, Some(20_000)));
}

#[test]
fn errors_of_qwen_come_as_a_success() {
    let rows = [
        ("[API Error: 401 bad key]", Class::Auth),
        ("[API Error: 429 slow down]", Class::Limited),
        ("[API Error: 500 x]", Class::Transient),
        ("half an ans[API Error: terminated (cause: other side closed)]", Class::Transient),
        ("[API Error: 400 x]", Class::Failed),
        ("fine", Class::Done),
    ];
    for (text, class) in rows {
        let line = json!({"type": "result", "subtype": "success", "is_error": false, "result": text, "usage": {}});
        assert_eq!(end("qwen", &line.to_string(), 0).class, class, "{text}");
    }
}

#[test]
fn any_command_is_judged_by_its_exit_code() {
    let outcome = end("command", "one\r\n\x1b[1mtwo\x1b[0m\r\n", 0);
    assert_eq!((outcome.class, outcome.text.as_deref()), (Class::Done, Some("one\ntwo")));
    let outcome = end("command", "one\r\nbad luck\r\n", 3);
    assert_eq!((outcome.class, outcome.why.as_deref()), (Class::Failed, Some("bad luck")));
    assert_eq!(end("command", "", 137).class, Class::Killed);
    assert_eq!(reader("command").end(Some((None, Some(15)))).class, Class::Killed);
}

#[test]
fn lines_with_colours_cuts_and_rubbish_are_read() {
    let line = r#"{"type":"result","is_error":false,"result":"ünïcode","session_id":"s"}"#;
    let text =
        format!("\x1b[?25lwarning: {line}\x1b[?25h\r\n{{\"broken\": \r\n{{}}\r\n[1]\r\n\u{0}\r\n");
    let mut reader = reader("claude");
    for byte in text.as_bytes().chunks(1) {
        reader.feed(byte);
    }
    let outcome = reader.end(Some((Some(0), None)));
    assert_eq!((outcome.class, outcome.text.as_deref()), (Class::Done, Some("ünïcode")));
}
