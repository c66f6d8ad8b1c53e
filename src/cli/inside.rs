//! The programs inside an agent's pane: small, quick, and only ever clients. The daemon knows by
//! the kernel who asks. None of them starts a daemon: an agent has no business to.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use clap::{Arg, Command};
use serde_json::Value;

use super::{guard, hook, mcp};
use crate::{
    adapter::ask::{self, NoAnswer, Patience, Said},
    base::{Code, Refusal},
};

/// Answers the calls that may not cost the time of a command line: a guard that was called by the
/// name of another program, hooks, the server of tools. `None`: it is none of them.
#[must_use]
pub fn inside(argv: &[OsString]) -> Option<ExitCode> {
    if let Some(rules) = std::env::var_os("GAIA_GUARD").filter(|rules| !rules.is_empty())
        && let Some(name) = guard::called_as(argv)
    {
        return Some(guard::main(&name, argv, Path::new(&rules)));
    }
    let (word, args) = argv.get(1..)?.split_first()?;
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return None;
    }
    match word.to_str()? {
        "hook" => Some(hook::main(args.first()?, args.get(1).map(OsString::as_os_str))),
        "notify" => Some(hook::main(OsStr::new("Notify"), args.first().map(OsString::as_os_str))),
        "mcp" if args.is_empty() => Some(mcp::main()),
        crate::adapter::cage::WORD if args.is_empty() => Some(super::scaffold::caged()),
        _ => None,
    }
}

/// The same words for the help, the manual and the shell.
pub(super) fn commands() -> Vec<Command> {
    let event = Arg::new("event").value_name("EVENT").required(true);
    let message = || Arg::new("message").value_name("JSON");
    vec![
        Command::new("hook")
            .about("Hand an event of an agent's program to the daemon, and print its answer")
            .arg(event.help("Name of the event, e.g. PreToolUse"))
            .arg(message().help("What the program says; else it is read from standard input")),
        Command::new("notify")
            .about("Hand a notice of an agent's program to the daemon")
            .arg(message().required(true).help("What the program says")),
        Command::new("mcp").about(
            "Serve gaia's tools to the agent in this pane (MCP on standard input and output)",
        ),
        super::script::command(),
    ]
}

/// Asks the daemon; what it refuses comes back as it said it. The outer error says that there was
/// no answer.
pub(super) fn post(
    daemon: &Path,
    route: &str,
    body: &Value,
    patience: Patience,
) -> Result<Result<Value, Refusal>, NoAnswer> {
    ask::post(daemon, route, body.to_string().as_bytes(), patience).map(|said| read(&said))
}

/// An answer as a document or a refusal.
pub(super) fn read(said: &Said) -> Result<Value, Refusal> {
    if said.ok {
        return serde_json::from_slice(&said.body).map_err(Refusal::broken);
    }
    Err(serde_json::from_slice(&said.body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(&said.body).into_owned();
        Refusal::new(Code::Broken, format!("the daemon answered: {text}"))
    }))
}

/// For those who cannot wait at all.
pub(super) const fn at_most(millis: u64) -> Patience {
    let span = Duration::from_millis(millis);
    Patience { connect: span, answer: Some(span) }
}
