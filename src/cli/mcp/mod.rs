//! `gaia mcp`: gaia's tools for the agent in this pane, by the Model Context Protocol on standard
//! input and output. One JSON-RPC message a line.
//!
//! - `tools`: what each tool is for, takes and asks
//! - `call`: carries one call out
//!
//! Invariants:
//! - What it does not know is answered with -32601, also before `initialize`: programs probe.
//! - A daemon that is away makes a call fail in plain words; the server goes on.
//! - When the input ends, it ends, whatever is waited for.

mod call;
mod tools;

use std::{collections::HashMap, process::ExitCode};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::AbortHandle,
};

use super::{here, refuse, world};
use crate::client::Client;

/// Versions of the protocol, the newest first; all of them say the same about tools.
const VERSIONS: &[&str] = &["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

const INSTRUCTIONS: &str = "You work on a task of gaia. Call `finish` when it is done. Where only \
    a person can decide, call `ask_human`; do not guess.";

/// Faults that JSON-RPC has numbers for.
const NO_JSON: i32 = -32700;
const NO_REQUEST: i32 = -32600;
const NO_METHOD: i32 = -32601;
const BAD_PARAMS: i32 = -32602;

/// Serves until the input ends.
pub(super) fn main() -> ExitCode {
    let here = match here::read() {
        Ok(here) => here,
        Err(refusal) => return refuse(&refusal, false),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&world("no runtime", &error), false),
    };
    let client = Client::new(here.home.api_socket());
    runtime.block_on(serve(client, tokio::io::stdin(), tokio::io::stdout()));
    // A thread that still waits for input keeps nobody.
    runtime.shutdown_background();
    ExitCode::SUCCESS
}

/// Serves one program.
async fn serve(client: Client, input: impl AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let (say, mut said) = unbounded_channel();
    let mut session = Session { client, say, calls: HashMap::new() };
    let mut lines = BufReader::new(input).split(b'\n');
    loop {
        tokio::select! {
            line = lines.next_segment() => match line {
                Ok(Some(line)) => session.line(&line),
                Ok(None) | Err(_) => break,
            },
            Some(line) = said.recv() => {
                session.calls.retain(|_, call| !call.is_finished());
                if write(&mut output, &line).await.is_err() {
                    break;
                }
            }
        }
    }
    session.calls.values().for_each(AbortHandle::abort);
    last_words(&mut output, &mut said).await;
}

/// What was answered before the input ended.
async fn last_words(output: &mut (impl AsyncWrite + Unpin), said: &mut UnboundedReceiver<Value>) {
    while let Ok(line) = said.try_recv() {
        if write(output, &line).await.is_err() {
            return;
        }
    }
}

async fn write(output: &mut (impl AsyncWrite + Unpin), line: &Value) -> std::io::Result<()> {
    output.write_all(format!("{line}\n").as_bytes()).await?;
    output.flush().await
}

/// One program that talks to us.
struct Session {
    client: Client,
    say: UnboundedSender<Value>,
    /// Calls that run, by the id of their request.
    calls: HashMap<String, AbortHandle>,
}

impl Session {
    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        match serde_json::from_slice(line) {
            Ok(Value::Array(all)) => all.into_iter().for_each(|one| self.message(&one)),
            Ok(one) => self.message(&one),
            Err(error) => self.fault(&Value::Null, NO_JSON, format!("this is no JSON: {error}")),
        }
    }

    fn message(&mut self, message: &Value) {
        let id = message.get("id").unwrap_or(&Value::Null);
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            // Answers have no method, and we asked nothing.
            if message.get("result").is_none() && message.get("error").is_none() {
                self.fault(id, NO_REQUEST, "a request has a `method`".to_owned());
            }
            return;
        };
        let params = message.get("params").unwrap_or(&Value::Null);
        match (method, id) {
            ("notifications/cancelled", _) => self.cancel(params),
            // Nobody waits for an answer.
            (_, Value::Null) => {}
            ("initialize", _) => self.answer(id, hello(params)),
            ("ping", _) => self.answer(id, json!({})),
            ("tools/list", _) => {
                let all: Vec<Value> = tools::TOOLS.iter().map(tools::Tool::described).collect();
                self.answer(id, json!({ "tools": all }));
            }
            ("tools/call", _) => self.call(id, params),
            _ => self.fault(id, NO_METHOD, format!("there is no method `{method}`")),
        }
    }

    fn call(&mut self, id: &Value, params: &Value) {
        let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some(tool) = tools::Tool::of(name) else {
            return self.fault(id, BAD_PARAMS, format!("there is no tool `{name}`"));
        };
        let args = params.get("arguments").cloned().unwrap_or_default();
        let token = params.pointer("/_meta/progressToken").cloned();
        let (client, say, key) = (self.client.clone(), self.say.clone(), id.clone());
        let task = tokio::spawn(async move {
            let result = tokio::select! {
                result = call::run(&client, tool, &args) => result,
                () = call::tell_that_it_waits(&say, token) => return,
            };
            let _ = say.send(json!({ "jsonrpc": "2.0", "id": key, "result": result }));
        });
        self.calls.insert(id.to_string(), task.abort_handle());
    }

    fn cancel(&mut self, params: &Value) {
        let call = params.get("requestId").and_then(|id| self.calls.remove(&id.to_string()));
        if let Some(call) = call {
            call.abort();
        }
    }

    fn answer(&self, id: &Value, result: Value) {
        let _ = self.say.send(json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    fn fault(&self, id: &Value, code: i32, message: String) {
        let error = json!({ "code": code, "message": message });
        let _ = self.say.send(json!({ "jsonrpc": "2.0", "id": id, "error": error }));
    }
}

fn hello(params: &Value) -> Value {
    let wanted = params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
    let version = VERSIONS.iter().find(|known| **known == wanted).unwrap_or(&VERSIONS[0]);
    json!({
        "protocolVersion": version,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "gaia", "version": env!("CARGO_PKG_VERSION") },
        "instructions": INSTRUCTIONS,
    })
}
