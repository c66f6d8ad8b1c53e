//! Carries one call of a tool out.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{MissedTickBehavior, interval},
};

use super::tools::{Tool, Wait};
use crate::{
    base::{Code, Refusal, plain},
    client::Client,
};

/// Between two tries to reach a daemon that is away.
const BREATH: Duration = Duration::from_millis(200);
/// Tries before a daemon counts as away: 2 s.
const TRIES: u32 = 10;
/// Tries when an answer was waited for already, and the daemon went away: 2 min.
const TRIES_AGAIN: u32 = 600;
/// A program that hears nothing gives a call up, some after a minute.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// The agent pays for what it reads.
const MOST: usize = 32 << 10;

/// The result of a call as the protocol wants it. A refusal is a result too: the agent shall read
/// it and do something about it.
pub(super) async fn run(client: &Client, tool: &Tool, given: &Value) -> Value {
    let args = match tool.take(given) {
        Ok(args) => prepared(tool, args),
        Err(what) => return result(&format!("{}: {what}", tool.name), true),
    };
    let reply = ask(client, tool, Value::Object(args)).await;
    if tool.name == "approve" {
        return result(&verdict(reply, given), false);
    }
    match reply {
        Ok(reply) => result(&clipped(plain(&shown(tool, &reply))), false),
        Err(refusal) => result(&sentence(&refusal), true),
    }
}

/// The arguments as the route takes them.
fn prepared(tool: &Tool, mut args: Map<String, Value>) -> Map<String, Value> {
    match tool.name {
        "approve" => {
            args.remove("tool_use_id");
            if let Some(name) = args.remove("tool_name") {
                args.insert("tool".to_owned(), name);
            }
        }
        "ask_human" => {
            args.entry("options").or_insert_with(|| json!([]));
        }
        "finish" => {
            args.entry("deliverables").or_insert_with(|| json!([]));
        }
        "service_logs" => {
            args.entry("tail").or_insert_with(|| json!(50));
        }
        _ => {}
    }
    args
}

/// Asks the daemon. What takes long is asked again when the daemon was restarted meanwhile; it
/// knows the question again.
async fn ask(client: &Client, tool: &Tool, args: Value) -> Result<Value, Refusal> {
    let (method, route) = tool.ask;
    let mut left = TRIES;
    let mut ticks = interval(BREATH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match client.deliver(method, route, args.clone()).await {
            Ok(Err(refusal)) if tool.wait == Wait::Long && refusal.code == Code::Unreachable => {
                left = TRIES_AGAIN;
            }
            Ok(reply) => return reply,
            Err(refusal) => {
                left -= 1;
                if left == 0 {
                    return Err(refusal);
                }
            }
        }
    }
}

/// Says again and again that a call is alive, to a program that wants to hear it; never ends.
pub(super) async fn tell_that_it_waits(say: &UnboundedSender<Value>, token: Option<Value>) {
    let Some(token) = token else { return std::future::pending().await };
    let mut ticks = interval(SIGN_OF_LIFE);
    ticks.tick().await;
    for times in 1_u64.. {
        ticks.tick().await;
        let params = json!({ "progressToken": token, "progress": times, "message": "waiting" });
        let method = "notifications/progress";
        let _ = say.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }
}

fn result(text: &str, failed: bool) -> Value {
    json!({ "content": [{ "type": "text", "text": text }], "isError": failed })
}

/// The end of a long text says more than its beginning.
fn clipped(text: String) -> String {
    if text.len() <= MOST {
        return text;
    }
    let from = (text.len() - MOST..text.len()).find(|at| text.is_char_boundary(*at));
    format!("[the beginning is left out]\n{}", &text[from.unwrap_or(text.len())..])
}

fn sentence(refusal: &Refusal) -> String {
    match (&refusal.help, refusal.code) {
        // Agents start no daemon.
        (_, Code::Unreachable) => {
            "gaia does not answer at the moment; go on with your work and try again later"
                .to_owned()
        }
        (Some(help), _) => format!("{}; {help}", refusal.message),
        (None, _) => refusal.message.clone(),
    }
}

/// The answer to a program that asks whether it may: in doubt it may not.
fn verdict(reply: Result<Value, Refusal>, given: &Value) -> String {
    let deny = |why: &str| json!({ "behavior": "deny", "message": why });
    let verdict = match reply {
        Ok(reply) if reply["allow"] == true => {
            json!({ "behavior": "allow", "updatedInput": given["input"] })
        }
        Ok(reply) => deny(reply["reason"].as_str().unwrap_or("the person said no")),
        Err(refusal) => deny(&sentence(&refusal)),
    };
    verdict.to_string()
}

/// The reply in few words.
fn shown(tool: &Tool, reply: &Value) -> String {
    let text = |key: &str| reply[key].as_str().unwrap_or_default();
    match tool.name {
        "ask_human" => match text("by") {
            "" => text("answer").to_owned(),
            by => format!("{}\n(answered by {by})", text("answer")),
        },
        "service_logs" => lines(reply, "lines", |line| line.as_str().unwrap_or("").to_owned()),
        "service_screen" => text("text").to_owned(),
        "read_messages" => lines(reply, "messages", |message| {
            let part = |key: &str| message[key].as_str().unwrap_or_default();
            format!("from {}: {}", part("from"), part("text"))
        }),
        "wait_ready" if reply["ready"] == true => "ready".to_owned(),
        "wait_ready" => format!("not ready: {}", text("why")),
        "report_progress" | "remember" => "noted".to_owned(),
        "send_message" => "sent".to_owned(),
        "finish" => "the task is finished; stop working".to_owned(),
        "restart_service" => "it starts again; `wait_ready` tells when it is ready".to_owned(),
        _ => reply.to_string(),
    }
}

fn lines(reply: &Value, key: &str, show: impl Fn(&Value) -> String) -> String {
    let all: Vec<String> = reply[key].as_array().into_iter().flatten().map(show).collect();
    if all.is_empty() { "there are none".to_owned() } else { all.join("\n") }
}
