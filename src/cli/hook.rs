//! `gaia hook EVENT`: what an agent's program tells by its hooks goes to the daemon, and the
//! daemon's answer to the program. It stands in every call of a tool, so it does nothing else.

use std::{
    ffi::OsStr,
    io::{IsTerminal, Read},
    os::unix::ffi::OsStrExt,
    process::ExitCode,
    time::Duration,
};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

use super::here;
use crate::{
    adapter::ask::{self, Patience},
    base::Refusal,
};

/// A longer message is none that a hook has to say.
const MOST: u64 = 8 << 20;

/// The daemon's answer.
#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    print: String,
    #[serde(default)]
    exit: i32,
}

/// Hands one event on. Where nobody answers, the program goes its way: the fence of the kernel
/// holds all the same. `GAIA_HOOK_STRICT=1` stops the tool instead.
pub(super) fn main(event: &OsStr, given: Option<&OsStr>) -> ExitCode {
    let event = event.to_string_lossy();
    let strict = std::env::var_os("GAIA_HOOK_STRICT").is_some_and(|word| word == "1");
    match message(given).and_then(|text| hand_on(&event, &text, patience(&event, strict))) {
        Ok(reply) => {
            super::print(&reply.print);
            ExitCode::from(u8::try_from(reply.exit).unwrap_or(1))
        }
        Err(why) => {
            if let Some(deny) = refusal(&event, &why).filter(|_| strict) {
                super::print(&deny);
            }
            ExitCode::SUCCESS
        }
    }
}

/// What the program says, as one JSON document.
fn message(given: Option<&OsStr>) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    match given {
        Some(given) => text.extend_from_slice(given.as_bytes()),
        None if std::io::stdin().is_terminal() => {}
        None => {
            let mut input = std::io::stdin().lock();
            let read = input.by_ref().take(MOST + 1).read_to_end(&mut text);
            read.map_err(|e| format!("the message cannot be read: {e}"))?;
            if text.len() as u64 > MOST {
                // A program whose words nobody takes may take that for an error.
                let _ = std::io::copy(&mut input, &mut std::io::sink());
                return Err("the message is longer than 8 MiB".to_owned());
            }
        }
    }
    if text.trim_ascii().is_empty() {
        return Ok(b"null".to_vec());
    }
    match serde_json::from_slice::<IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(_) => Ok(json!(String::from_utf8_lossy(&text)).to_string().into_bytes()),
    }
}

fn hand_on(event: &str, message: &[u8], patience: Patience) -> Result<Reply, String> {
    let here = here::read().map_err(|refusal| refusal.message)?;
    let mut body = format!("{{\"event\":{},\"payload\":", json!(event)).into_bytes();
    body.extend_from_slice(message);
    body.push(b'}');
    let said = ask::post(&here.home.api_socket(), "/v1/self/hook", &body, patience)
        .map_err(|_| "gaia's daemon does not answer".to_owned())?;
    let reply = super::inside::read(&said)
        .and_then(|reply| serde_json::from_value(reply).map_err(Refusal::broken));
    reply.map_err(|refusal| refusal.message)
}

/// A daemon that is being restarted is waited for, but not at every call of a tool, of which
/// nothing is lost that matters. A question to a person takes its time, and the program that asks
/// has a limit of its own.
fn patience(event: &str, strict: bool) -> Patience {
    let (connect, answer) = match event {
        "PreToolUse" | "BeforeTool" if strict => (2000, Some(10)),
        "PreToolUse" | "BeforeTool" | "PostToolUse" | "AfterTool" => (200, Some(10)),
        "PermissionRequest" => (2000, None),
        _ => (2000, Some(10)),
    };
    Patience { connect: Duration::from_millis(connect), answer: answer.map(Duration::from_secs) }
}

/// What stops the tool that is about to run, in the words of the program; `None` for events that
/// stop nothing. A program that asks for permission and hears nothing asks the person itself.
fn refusal(event: &str, why: &str) -> Option<String> {
    let reason = format!("{why}, and nothing may run unseen; wait a little and try again");
    let deny = match event {
        "PreToolUse" => json!({"hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        }}),
        "BeforeTool" => json!({"decision": "deny", "reason": reason}),
        _ => return None,
    };
    Some(deny.to_string())
}
