use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{Value, json};

use crate::house::{House, fed, text};

/// A program that talks to `gaia mcp`.
struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Talk {
    fn with(house: &House) -> Self {
        let mut command = house.gaia(&["mcp"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, stdin, stdout }
    }

    fn line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).and_then(|()| stdin.write_all(b"\n")).unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.line(
            &json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string(),
        );
        let answer = self.hear();
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)), "{answer}");
        answer
    }

    /// The text of a tool's answer, and whether it is an error.
    fn tool(&mut self, name: &str, args: &Value) -> (String, bool) {
        heard(&self.ask("tools/call", &json!({"name": name, "arguments": args})))
    }

    /// Closes the input and returns the exit code.
    fn close(mut self) -> Option<i32> {
        drop(self.stdin.take());
        self.child.wait().unwrap().code()
    }
}

fn heard(answer: &Value) -> (String, bool) {
    let result = &answer["result"];
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"));
    (text.to_owned(), result["isError"].as_bool().unwrap())
}

#[test]
fn a_session_as_the_real_programs_hold_it() {
    let house = House::new();
    let mut talk = Talk::with(&house);
    let probe = talk.ask("server/discover", &json!({}));
    assert_eq!(probe["error"]["code"], -32601, "{probe}");
    talk.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}"#);
    for (asked, told) in
        [("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("1999", "2025-11-25")]
    {
        let params = json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {}});
        let hello = talk.ask("initialize", &params);
        assert_eq!(hello["result"]["protocolVersion"], told);
        assert_eq!(hello["result"]["serverInfo"]["name"], "gaia");
    }
    talk.line(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    assert_eq!(talk.ask("ping", &json!({}))["result"], json!({}));
    for unknown in ["resources/list", "prompts/list", "logging/setLevel", ""] {
        assert_eq!(talk.ask(unknown, &json!({}))["error"]["code"], -32601, "{unknown}");
    }
    assert_eq!(talk.ask("tools/call", &json!({"name": "rm"}))["error"]["code"], -32602);
    assert_eq!(talk.close(), Some(0));
}

#[test]
fn every_tool_says_what_it_is_for_and_takes() {
    let house = House::new();
    let mut talk = Talk::with(&house);
    let list = talk.ask("tools/list", &json!({}));
    let tools = list["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let all = [
        "ask_human",
        "approve",
        "report_progress",
        "finish",
        "send_message",
        "read_messages",
        "list_services",
        "service_logs",
        "service_screen",
        "wait_ready",
        "restart_service",
        "remember",
        "whoami",
    ];
    assert_eq!(names, all);
    for tool in tools {
        assert!(tool["description"].as_str().unwrap().ends_with('.'), "{tool}");
        let schema = &tool["inputSchema"];
        assert_eq!(schema["type"], "object");
        for needed in schema["required"].as_array().into_iter().flatten() {
            assert!(schema["properties"][needed.as_str().unwrap()].is_object(), "{tool}");
        }
    }
    let bytes = list["result"].to_string().len();
    println!("the list of tools has {bytes} bytes");
    assert!(bytes < 4096, "the agent pays for {bytes} bytes in every request");
}

#[test]
fn lines_that_are_no_requests_hurt_nobody() {
    let house = House::new();
    let mut talk = Talk::with(&house);
    talk.line("no json");
    assert_eq!(talk.hear()["error"]["code"], -32700);
    talk.line("\u{0}\u{ff}");
    assert_eq!(talk.hear()["error"]["code"], -32700);
    talk.line("5");
    assert_eq!(talk.hear()["error"]["code"], -32600);
    talk.line("");
    talk.line(r#"{"jsonrpc":"2.0","id":9,"result":{}}"#);
    talk.line(
        r#"[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","id":"b","method":"x"}]"#,
    );
    assert_eq!(talk.hear()["id"], "a");
    assert_eq!(talk.hear()["error"]["code"], -32601);
    assert_eq!(talk.ask("ping", &json!(null))["result"], json!({}));
}

#[test]
fn every_tool_asks_its_route() {
    let house = House::new();
    let daemon = house
        .daemon()
        .says("/v1/self/ask", json!({"answer": "blue", "by": "ada"}))
        .says("/v1/self/report", json!({}))
        .says("/v1/self/finish", json!({}))
        .says("/v1/self/send", json!({"id": "m1"}))
        .says("/v1/self/messages", json!({"messages": [{"from": "bob", "text": "hi", "at": 1}]}))
        .says("/v1/self/services", json!({"services": [{"name": "api"}]}))
        .says("/v1/self/logs", json!({"lines": ["\u{1b}[31mred\u{1b}[0m", "two"]}))
        .says("/v1/self/screen", json!({"text": "screen"}))
        .says("/v1/self/wait-ready", json!({"ready": false, "why": "it ended"}))
        .says("/v1/self/restart", json!({}))
        .says("/v1/self/remember", json!({}))
        .says("/v1/self/task", json!({"task": "t1"}));
    let mut talk = Talk::with(&house);
    let calls = [
        (
            "ask_human",
            json!({"question": "which?", "options": ["red", "blue"]}),
            "blue\n(answered by ada)",
        ),
        ("report_progress", json!({"text": "half"}), "noted"),
        ("finish", json!({"summary": "s", "extra": 1}), "the task is finished; stop working"),
        ("send_message", json!({"to": "bob", "text": "hi"}), "sent"),
        ("read_messages", json!({}), "from bob: hi"),
        ("list_services", json!(null), r#"{"services":[{"name":"api"}]}"#),
        ("service_logs", json!({"service": "api", "tail": 2}), "red\ntwo"),
        ("service_screen", json!({"service": "a b"}), "screen"),
        ("wait_ready", json!({"service": "api", "timeout": "5s"}), "not ready: it ended"),
        (
            "restart_service",
            json!({"service": "api"}),
            "it starts again; `wait_ready` tells when it is ready",
        ),
        ("remember", json!({"text": "x"}), "noted"),
        ("whoami", json!({}), r#"{"task":"t1"}"#),
    ];
    for (name, args, said) in &calls {
        assert_eq!(talk.tool(name, args), ((*said).to_owned(), false), "{name}");
    }
    let asked: Vec<String> =
        daemon.asked().iter().map(|(route, body)| format!("{route} {body}")).collect();
    let expected = [
        r#"/v1/self/ask {"question":"which?","options":["red","blue"]}"#,
        r#"/v1/self/report {"text":"half"}"#,
        r#"/v1/self/finish {"summary":"s","deliverables":[]}"#,
        r#"/v1/self/send {"to":"bob","text":"hi"}"#,
        "/v1/self/messages {}",
        "/v1/self/services null",
        "/v1/self/logs?service=api&tail=2 null",
        "/v1/self/screen?service=a%20b null",
        r#"/v1/self/wait-ready {"service":"api","timeout":"5s"}"#,
        r#"/v1/self/restart {"service":"api"}"#,
        r#"/v1/self/remember {"text":"x"}"#,
        "/v1/self/task null",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn wrong_arguments_and_refusals_are_told_to_the_agent() {
    let house = House::new();
    let _daemon =
        house.daemon().refuses("/v1/self/send", "there is no agent `x`", "the agents are: a, b");
    let mut talk = Talk::with(&house);
    let bad = [
        ("ask_human", json!({}), "ask_human: `question` is missing"),
        ("ask_human", json!({"question": 5}), "ask_human: `question` has to be a text"),
        (
            "finish",
            json!({"summary": "", "deliverables": [1]}),
            "finish: `deliverables` has to be a list of texts",
        ),
        (
            "service_logs",
            json!({"service": "a", "tail": -1}),
            "service_logs: `tail` has to be a whole number above 0",
        ),
        (
            "send_message",
            json!({"to": "x", "text": ""}),
            "there is no agent `x`; the agents are: a, b",
        ),
    ];
    for (name, args, said) in &bad {
        assert_eq!(talk.tool(name, args), ((*said).to_owned(), true), "{name} {args}");
    }
}

#[test]
fn permission_is_given_or_not() {
    let house = House::new();
    let input = json!({"command": "ls", "text": "x".repeat(100_000)});
    let call = json!({"tool_name": "Bash", "input": input, "tool_use_id": "u1"});
    let verdict = |talk: &mut Talk| -> Value {
        let (text, failed) = talk.tool("approve", &call);
        assert!(!failed);
        serde_json::from_str(&text).unwrap()
    };
    let daemon = house.daemon().says("/v1/self/permit", json!({"allow": true, "reason": null}));
    let mut talk = Talk::with(&house);
    assert_eq!(verdict(&mut talk), json!({"behavior": "allow", "updatedInput": input}));
    let body = json!({"tool": "Bash", "input": input});
    assert_eq!(daemon.asked(), [("/v1/self/permit".to_owned(), body)]);
    daemon.end();
    let daemon =
        house.daemon().says("/v1/self/permit", json!({"allow": false, "reason": "too bold"}));
    assert_eq!(verdict(&mut talk), json!({"behavior": "deny", "message": "too bold"}));
    daemon.end();
    assert_eq!(verdict(&mut talk)["behavior"], "deny");
}

#[test]
fn a_daemon_that_is_away_fails_the_call_and_not_the_server() {
    let house = House::new();
    let mut talk = Talk::with(&house);
    let (said, failed) = talk.tool("whoami", &json!({}));
    assert!(failed && said.contains("does not answer"), "{said}");
    let _daemon = house.daemon().says("/v1/self/task", json!({"task": "t1"}));
    assert_eq!(talk.tool("whoami", &json!({})), (r#"{"task":"t1"}"#.to_owned(), false));
}

#[test]
fn a_question_outlives_a_restart_of_the_daemon() {
    let house = House::new();
    let first = house.daemon().holds("/v1/self/ask");
    let mut talk = Talk::with(&house);
    let params = json!({"name": "ask_human", "arguments": {"question": "well?"}});
    talk.line(
        &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string(),
    );
    let asked = first.until_asked("/v1/self/ask");
    first.end();
    let second = house.daemon().says("/v1/self/ask", json!({"answer": "yes", "by": ""}));
    assert_eq!(heard(&talk.hear()), ("yes".to_owned(), false));
    assert_eq!(second.until_asked("/v1/self/ask"), asked);
}

#[test]
fn what_waits_holds_up_nobody_and_can_be_given_up() {
    let house = House::new();
    let daemon = house.daemon().holds("/v1/self/ask");
    let mut talk = Talk::with(&house);
    let params = json!({"name": "ask_human", "arguments": {"question": "well?"}});
    talk.line(
        &json!({"jsonrpc": "2.0", "id": "q", "method": "tools/call", "params": params}).to_string(),
    );
    daemon.until_asked("/v1/self/ask");
    assert_eq!(talk.ask("ping", &json!({}))["result"], json!({}));
    talk.line(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"q"}}"#);
    daemon.end();
    // The daemon is gone, and yet no answer comes to what was given up.
    assert_eq!(talk.ask("ping", &json!({}))["result"], json!({}));
    assert_eq!(talk.close(), Some(0));
}

#[test]
fn the_server_ends_with_its_input_whatever_it_waits_for() {
    let house = House::new();
    let daemon = house.daemon().holds("/v1/self/ask");
    let mut talk = Talk::with(&house);
    let params = json!({"name": "ask_human", "arguments": {"question": "well?"}});
    talk.line(
        &json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string(),
    );
    daemon.until_asked("/v1/self/ask");
    assert_eq!(talk.close(), Some(0));
    let done =
        fed(&mut house.gaia(&["mcp"]), b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
    assert_eq!(text(&done.stdout), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n");
}
