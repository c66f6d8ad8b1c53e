//! `gaia script --file F`: plays a recorded task, for demonstrations and tests. It stands where a
//! coding agent would, asks no model, and says so in its first line.
//!
//! - `model`: the file
//! - `play`: the steps, and what comes of them
//! - `headless`: told as lines of JSON
//! - `screen`: shown in a pane, with a line to type in
//!
//! Invariant: nothing is left to chance or to the clock; the same file and prompt do the same.

mod headless;
mod keys;
mod model;
mod play;
mod screen;

use std::{path::PathBuf, sync::Arc};

use clap::{Arg, ArgAction, ArgMatches, Command};

use self::{
    model::Script,
    play::{Memory, Player},
};
use super::{Outcome, world};
use crate::{
    adapter::{files, play as hands},
    base::{Code, Refusal, faults_refusal},
    verb::Here,
};

/// What it says of itself before anything else.
const NOTE: &str = "script: a recorded task is played, no model is asked";

/// The command.
pub(super) fn command() -> Command {
    let option =
        |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    Command::new("script")
        .about("Play a recorded task where a coding agent would work; for demonstrations and tests")
        .arg(option("file", "FILE").required(true).help("The recorded task"))
        .arg(
            Arg::new("interactive")
                .long("interactive")
                .action(ArgAction::SetTrue)
                .help("Show it in this terminal, with a line to type prompts in"),
        )
        .arg(option("session-id", "ID").help("Name of the conversation; else one is made up"))
        .arg(
            option("resume", "ID")
                .conflicts_with("session-id")
                .help("Go on with a conversation: what was done is not done again"),
        )
        .arg(option("state", "DIR").help("Where conversations are remembered, for --resume"))
        .arg(Arg::new("prompt").value_name("PROMPT").help("The task; else it is read or typed"))
}

/// Plays.
pub(super) fn run(matches: &ArgMatches, here: &Here) -> Result<Outcome, Refusal> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let file = text("file").unwrap_or_default();
    let path = here.absolute(&PathBuf::from(&file));
    let content = files::read_text(&path).map_err(|what| {
        Refusal::new(Code::Invalid, what)
            .help("give the recorded task with --file; docs tell how one is written")
    })?;
    let script = Script::read(&file, &content).map_err(|faults| faults_refusal(&faults))?;
    let resume = text("resume");
    let session = resume.clone().or_else(|| text("session-id")).unwrap_or_else(hands::session);
    let memory =
        Memory::open(text("state").map(|dir| here.absolute(&PathBuf::from(dir))), &session);
    let done = match resume {
        Some(id) => memory.read().ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("there is no conversation `{id}`"))
                .help("give its --state too, or leave --resume out to begin a new one")
        })?,
        None => Default::default(),
    };
    let player = Player { script, cwd: here.cwd.clone(), daemon: here.home.api_socket(), memory };
    if matches.get_flag("interactive") {
        return screen::run(Arc::new(player), done, text("prompt"))
            .map(|()| Outcome::ok(""))
            .map_err(|e| world("the terminal cannot be used", &e));
    }
    let prompt = match text("prompt") {
        Some(prompt) => prompt,
        None => String::from_utf8_lossy(&(here.stdin)()?).into_owned(),
    };
    Ok(headless::run(&player, &session, done, &prompt))
}
