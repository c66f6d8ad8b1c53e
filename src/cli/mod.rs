//! From words to requests and back. No decisions: parse, send, print, exit code.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the room that prints")]

mod attach;
mod complete;
mod config;
mod daemon;
mod doctor;
mod guard;
mod here;
mod hook;
mod inside;
mod install;
mod mcp;
mod replay;
mod run;
mod scaffold;
mod script;
mod send;
mod start;
mod store;
mod top;
mod tree;

use std::process::ExitCode;

use clap::ArgMatches;
use serde_json::Value;

use crate::{
    base::{Code, Refusal},
    verb::Here,
};

pub use inside::inside;
pub use tree::command;

/// What a command leaves behind: text for standard output, and whether the thing asked about
/// failed.
struct Outcome {
    text: String,
    failed: bool,
}

impl Outcome {
    fn ok(text: impl Into<String>) -> Self {
        Self { text: text.into(), failed: false }
    }
}

/// The whole of `main`.
#[must_use]
pub fn main() -> ExitCode {
    if complete::answer_shell() {
        return ExitCode::SUCCESS;
    }
    let words = scaffold::in_full(std::env::args_os().collect());
    let matches = command().get_matches_from(words);
    match here::read().and_then(|here| dispatch(&matches, &here)) {
        Ok(outcome) => {
            print(&outcome.text);
            ExitCode::from(u8::from(outcome.failed))
        }
        Err(refusal) => refuse(&refusal, matches.get_flag("json")),
    }
}

fn dispatch(matches: &ArgMatches, here: &Here) -> Result<Outcome, Refusal> {
    let Some((word, sub)) = matches.subcommand() else {
        return Err(Refusal::broken("no command"));
    };
    let ui = here::ui(here);
    let json = matches.get_flag("json");
    match (word, sub.subcommand()) {
        ("daemon", Some((verb, args))) if daemon::is_local(verb) => {
            daemon::run(verb, args, here, json)
        }
        ("attach", _) => attach::run(sub, here, json),
        (noun @ ("service" | "agent"), Some(("attach", args))) if !json => {
            attach::of(noun, args, here)
        }
        ("top", _) => top::run(sub, here, json),
        ("config", _) => config::run(sub, here, json),
        ("doctor", _) => doctor::run(here, json),
        ("script", _) => script::run(sub, here),
        ("completion", _) => complete::script(sub),
        ("man", _) => complete::man(sub, here),
        ("import", _) => store::import(sub, here, json),
        ("export", _) => store::export(sub, here, json),
        ("run", Some((verb, args))) if run::is_followed(verb, args) => {
            run::run((verb, args), here, (&ui, json))
        }
        ("session", Some(("replay", args))) => replay::run(args, here),
        ("ledger", Some(("verify", args))) if args.contains_id("file") => {
            store::verify_file(args, here, json)
        }
        _ => send::run(word, sub, here, (&ui, json)),
    }
}

/// Prints to standard output; a reader that went away (`gaia … | head`) is no fault.
fn print(text: &str) {
    use std::io::Write;
    if !text.is_empty() {
        let mut out = std::io::stdout();
        let _ = out.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }
}

/// Prints a piece of a text as it is.
fn print_raw(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A word beside the answer, for the person only.
fn note(text: &str) {
    eprintln!("note: {text}");
}

/// Whether a person reads our errors.
fn talks() -> bool {
    use std::io::IsTerminal;
    std::io::stderr().is_terminal()
}

/// A line of talk, for the person only.
fn note_line(text: &str) {
    eprintln!("{text}");
}

/// A reply as one JSON document.
fn json_text(reply: &Value) -> String {
    reply.to_string()
}

fn refuse(refusal: &Refusal, json: bool) -> ExitCode {
    if json {
        println!("{}", serde_json::json!({ "error": refusal }));
    }
    eprintln!("error: {refusal}");
    if let Some(help) = &refusal.help {
        eprintln!("help: {help}");
    }
    ExitCode::from(refusal.code.exit())
}

/// A fault of this machine, told to the person.
fn world(what: &str, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::Failed, format!("{what}: {error}"))
}
