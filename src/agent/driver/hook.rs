//! What the hooks of the programs say, in one language, and gaia's answers in theirs.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{model::Wire, output::first_text};

/// What a hook told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookEvent {
    /// A conversation began or goes on.
    Started {
        /// Its id.
        session: Option<String>,
    },
    /// A prompt was taken in.
    Prompt {
        /// The prompt.
        text: String,
    },
    /// A tool is about to run; the answer may forbid it.
    ToolBefore {
        /// Its name.
        tool: String,
        /// The command, if it runs one.
        command: Option<String>,
        /// The file it is about, if there is one.
        path: Option<PathBuf>,
        /// The id of the call.
        id: Option<String>,
    },
    /// A tool has run.
    ToolAfter {
        /// Its name.
        tool: String,
    },
    /// The program asks the person.
    Permission {
        /// The tool it asks for.
        tool: String,
        /// What it wants to do.
        what: String,
        /// The id of the call.
        id: Option<String>,
    },
    /// Something the program wants seen.
    Notice {
        /// Its words.
        text: String,
    },
    /// The agent has answered.
    TurnEnded {
        /// Its last words.
        text: Option<String>,
    },
    /// The turn ended badly.
    Failed {
        /// The program's own word for it.
        class: String,
        /// What it says.
        text: String,
    },
    /// The conversation was left.
    Ended,
    /// Nothing that gaia follows.
    Other,
}

/// gaia's word on what a program is about to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and need not ask.
    Allow,
    /// It may not, and why.
    Deny(String),
    /// gaia has no opinion.
    None,
}

/// The id of the conversation a hook belongs to. A program may run a second one beside it, e.g.
/// to find a title: what comes from another conversation than the agent's is not about it.
#[must_use]
pub fn session(json: &Value) -> Option<String> {
    ["/session_id", "/thread-id", "/sessionId"].iter().find_map(|path| first_text(json, path))
}

/// What the hook told; `event` is the name under which it was called.
#[must_use]
pub fn read(wire: Wire, event: &str, json: &Value) -> HookEvent {
    let text = |path: &str| first_text(json, path);
    let tool = || text("/tool_name").unwrap_or_default();
    match (wire, event) {
        (Wire::Opencode | Wire::None, _) => HookEvent::Other,
        (_, "SessionStart") => HookEvent::Started { session: session(json) },
        (_, "SessionEnd") => HookEvent::Ended,
        // Qwen Code tells of a prompt after each tool too, and then it is empty.
        (Wire::Qwen, "UserPromptSubmit") if text("/prompt").is_none() => HookEvent::Other,
        (_, "UserPromptSubmit" | "BeforeAgent") => {
            HookEvent::Prompt { text: text("/prompt").unwrap_or_default() }
        }
        (_, "PreToolUse" | "BeforeTool") => HookEvent::ToolBefore {
            tool: tool(),
            command: command(json),
            path: path(json),
            id: text("/tool_use_id"),
        },
        (_, "PostToolUse" | "PostToolUseFailure" | "AfterTool") => {
            HookEvent::ToolAfter { tool: tool() }
        }
        (_, "PermissionRequest") => {
            HookEvent::Permission { tool: tool(), what: what(json), id: text("/tool_use_id") }
        }
        (Wire::Gemini, "Notification") if is(json, "/notification_type", "ToolPermission") => {
            HookEvent::Permission { tool: asked(json), what: what(json), id: None }
        }
        (_, "Notification") => HookEvent::Notice { text: text("/message").unwrap_or_default() },
        (_, "Stop") => HookEvent::TurnEnded { text: text("/last_assistant_message") },
        (_, "AfterAgent") => HookEvent::TurnEnded { text: text("/prompt_response") },
        (Wire::Codex, "Notify") if is(json, "/type", "agent-turn-complete") => {
            HookEvent::TurnEnded { text: text("/last-assistant-message") }
        }
        (_, "StopFailure") => HookEvent::Failed {
            class: text("/error").unwrap_or_else(|| "unknown".to_owned()),
            text: text("/last_assistant_message").unwrap_or_default(),
        },
        _ => HookEvent::Other,
    }
}

fn is(json: &Value, path: &str, word: &str) -> bool {
    first_text(json, path).as_deref() == Some(word)
}

/// The command of a call; a patch is none.
fn command(json: &Value) -> Option<String> {
    let given = json.pointer("/tool_input/command")?;
    let words = given.as_array().map(|all| all.iter().filter_map(Value::as_str));
    let text = match words {
        Some(words) => shell_words::join(words),
        None => given.as_str()?.to_owned(),
    };
    (!text.trim_start().starts_with("*** Begin Patch")).then_some(text)
}

/// The file of a call; of a patch, the first one.
fn path(json: &Value) -> Option<PathBuf> {
    let places = ["file_path", "absolute_path", "notebook_path", "path", "filePath"];
    let named = places.iter().find_map(|key| first_text(json, &format!("/tool_input/{key}")));
    let patched = || {
        let patch = first_text(json, "/tool_input/command")?;
        let lines = patch.lines().filter_map(|line| line.strip_prefix("*** "));
        let mut files = lines.filter_map(|line| line.split_once(" File: "));
        files.next().map(|(_, file)| file.trim().to_owned())
    };
    named.or_else(patched).map(PathBuf::from)
}

/// What a question is about, in a line a person understands.
fn what(json: &Value) -> String {
    let file = || path(json).map(|path| path.to_string_lossy().into_owned());
    let said =
        || first_text(json, "/message").or_else(|| first_text(json, "/tool_input/description"));
    let asked =
        || first_text(json, "/details/command").or_else(|| first_text(json, "/details/fileName"));
    let input = || json.get("tool_input").map(Value::to_string);
    command(json).or_else(file).or_else(asked).or_else(said).or_else(input).unwrap_or_default()
}

fn asked(json: &Value) -> String {
    let places = ["/details/toolName", "/details/rootCommand", "/details/type"];
    places.iter().find_map(|path| first_text(json, path)).unwrap_or_default()
}

/// What `gaia hook` prints, for the program to obey.
#[must_use]
pub fn answer(wire: Wire, event: &str, verdict: &Verdict) -> String {
    let reply = match (wire, event, verdict) {
        (_, _, Verdict::None) | (Wire::Opencode | Wire::None, _, _) => json!({}),
        (Wire::Gemini, "BeforeTool", Verdict::Allow) => json!({"decision": "allow"}),
        (Wire::Gemini, "BeforeTool" | "BeforeAgent" | "AfterAgent", Verdict::Deny(reason)) => {
            json!({"decision": "deny", "reason": reason})
        }
        (_, "PreToolUse", Verdict::Allow) if wire == Wire::Codex => json!({}),
        (_, "PreToolUse", Verdict::Allow) => before("allow", "gaia allows it"),
        (_, "PreToolUse", Verdict::Deny(reason)) => before("deny", reason),
        (_, "PermissionRequest", Verdict::Allow) => asked_for(&json!({"behavior": "allow"})),
        (_, "PermissionRequest", Verdict::Deny(reason)) => {
            asked_for(&json!({"behavior": "deny", "message": reason}))
        }
        (_, "UserPromptSubmit" | "Stop", Verdict::Deny(reason)) => {
            json!({"decision": "block", "reason": reason})
        }
        (_, _, Verdict::Allow | Verdict::Deny(_)) => json!({}),
    };
    reply.to_string()
}

fn before(decision: &str, reason: &str) -> Value {
    json!({"hookSpecificOutput": {
        "hookEventName": "PreToolUse",
        "permissionDecision": decision,
        "permissionDecisionReason": reason,
    }})
}

fn asked_for(decision: &Value) -> Value {
    json!({"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": decision}})
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use insta::assert_snapshot;

    use super::*;

    /// What the hooks of the real programs sent, one message a line.
    const RECORDED: &[(Wire, &str)] = &[
        (Wire::Claude, include_str!("../../../tests/hooks/claude.jsonl")),
        (Wire::Codex, include_str!("../../../tests/hooks/codex.jsonl")),
        (Wire::Gemini, include_str!("../../../tests/hooks/gemini.jsonl")),
        (Wire::Qwen, include_str!("../../../tests/hooks/qwen.jsonl")),
    ];

    #[test]
    fn recorded_messages_in_one_language() {
        let mut text = String::new();
        for (wire, lines) in RECORDED {
            for line in lines.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                let event = line["event"].as_str().unwrap();
                let read = read(*wire, event, &line["json"]);
                assert!(session(&line["json"]).is_some(), "{event}");
                writeln!(text, "{wire:?} {event}: {read:?}").unwrap();
            }
        }
        assert_snapshot!(text);
    }

    #[test]
    fn messages_that_no_recording_has() {
        let rows = [
            (
                Wire::Claude,
                "PermissionRequest",
                json!({"tool_name": "Bash", "tool_input": {"command": "rm x"}, "tool_use_id": "t"}),
                HookEvent::Permission {
                    tool: "Bash".into(),
                    what: "rm x".into(),
                    id: Some("t".into()),
                },
            ),
            (
                Wire::Claude,
                "StopFailure",
                json!({"error": "rate_limit", "last_assistant_message": "API Error: 429"}),
                HookEvent::Failed { class: "rate_limit".into(), text: "API Error: 429".into() },
            ),
            (
                Wire::Gemini,
                "Notification",
                json!({"notification_type": "ToolPermission", "message": "Allow?", "details": {"type": "exec", "rootCommand": "rm", "command": "rm x"}}),
                HookEvent::Permission { tool: "rm".into(), what: "rm x".into(), id: None },
            ),
            (
                Wire::Codex,
                "PreToolUse",
                json!({"tool_name": "apply_patch", "tool_input": {"command": "*** Begin Patch\n*** Update File: src/a b.rs\n@@\n"}}),
                HookEvent::ToolBefore {
                    tool: "apply_patch".into(),
                    command: None,
                    path: Some("src/a b.rs".into()),
                    id: None,
                },
            ),
            (
                Wire::Codex,
                "PreToolUse",
                json!({"tool_name": "shell", "tool_input": {"command": ["bash", "-c", "a b"]}}),
                HookEvent::ToolBefore {
                    tool: "shell".into(),
                    command: Some("bash -c 'a b'".into()),
                    path: None,
                    id: None,
                },
            ),
            (Wire::Codex, "Notify", json!({"type": "new-kind"}), HookEvent::Other),
            (Wire::Claude, "SubagentStop", json!({}), HookEvent::Other),
            (Wire::None, "Stop", json!({}), HookEvent::Other),
            (Wire::Claude, "Stop", json!("rubbish"), HookEvent::TurnEnded { text: None }),
            (
                Wire::Claude,
                "UserPromptSubmit",
                json!(null),
                HookEvent::Prompt { text: String::new() },
            ),
        ];
        for (wire, event, json, wanted) in rows {
            assert_eq!(read(wire, event, &json), wanted, "{event}");
        }
    }

    #[test]
    fn answers_in_the_language_of_the_program() {
        let mut text = String::new();
        let events = [
            (Wire::Claude, "PreToolUse"),
            (Wire::Claude, "PermissionRequest"),
            (Wire::Claude, "UserPromptSubmit"),
            (Wire::Claude, "PostToolUse"),
            (Wire::Codex, "PreToolUse"),
            (Wire::Codex, "PermissionRequest"),
            (Wire::Gemini, "BeforeTool"),
            (Wire::Gemini, "Notification"),
            (Wire::Qwen, "PreToolUse"),
            (Wire::None, "PreToolUse"),
        ];
        for (wire, event) in events {
            for verdict in [Verdict::Allow, Verdict::Deny("not on \"main\"".into()), Verdict::None]
            {
                let answer = answer(wire, event, &verdict);
                writeln!(text, "{wire:?} {event} {verdict:?}: {answer}").unwrap();
            }
        }
        assert_snapshot!(text);
    }
}
