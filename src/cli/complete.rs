//! `gaia completion SHELL` and `gaia man`: what shells and readers of manuals need.

use clap::{Arg, ArgMatches, Command};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCompleter, CompletionCandidate},
    env::Shells,
};
use serde_json::Value;

use super::{Outcome, here, send::block_on, world};
use crate::{
    adapter::files,
    base::{Code, Refusal},
    client::{Client, Method},
    verb::Here,
};

/// The commands.
pub(super) fn commands() -> [Command; 2] {
    let shell = Arg::new("shell").value_parser(["bash", "zsh", "fish"]).required(true);
    let dir = Arg::new("dir").long("dir").value_name("DIR").help("Write one page per command here");
    [
        Command::new("completion")
            .about("Print what makes a shell complete gaia's commands, sessions and panes")
            .arg(shell),
        Command::new("man").about("Print the manual page, or write all of them").arg(dir),
    ]
}

/// Answers a shell that asks for completions; `true` if that was what this call is for.
pub(super) fn answer_shell() -> bool {
    CompleteEnv::with_factory(super::command)
        .try_complete(std::env::args_os(), None)
        .unwrap_or(true)
}

/// Prints the script that a shell sources.
pub(super) fn script(matches: &ArgMatches) -> Result<Outcome, Refusal> {
    let name = matches.get_one::<String>("shell").map_or("bash", String::as_str);
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(name) else {
        return Err(Refusal::new(Code::Invalid, format!("{name} is no shell gaia knows")));
    };
    let mut text = Vec::new();
    shell
        .write_registration("COMPLETE", "gaia", "gaia", "gaia", &mut text)
        .map_err(|e| world("the script", &e))?;
    Ok(Outcome::ok(String::from_utf8_lossy(&text).into_owned()))
}

/// Prints the page of `gaia`, or writes the pages of all commands.
pub(super) fn man(matches: &ArgMatches, here: &Here) -> Result<Outcome, Refusal> {
    let Some(dir) = matches.get_one::<String>("dir") else {
        let mut page = Vec::new();
        clap_mangen::Man::new(super::command()).render(&mut page).map_err(|e| world("man", &e))?;
        return Ok(Outcome::ok(String::from_utf8_lossy(&page).into_owned()));
    };
    let dir = here.absolute(dir.as_ref());
    let fault = |e: std::io::Error| world(&dir.display().to_string(), &e);
    files::make_dir(&dir).map_err(fault)?;
    clap_mangen::generate_to(super::command(), &dir).map_err(fault)?;
    Ok(Outcome::ok(format!("the pages are in {}", dir.display())))
}

/// Gives every argument that names a session, a pane or a layout its completer.
pub(super) fn with_names(command: Command) -> Command {
    command.mut_args(|arg| {
        let id = arg.get_id().as_str().to_owned();
        match id.as_str() {
            "target" => arg.add(ArgValueCompleter::new(targets)),
            "name" if arg.is_positional() => arg.add(ArgValueCompleter::new(sessions)),
            "id" if arg.is_positional() => arg.add(ArgValueCompleter::new(items)),
            "layout" => arg.add(ArgValueCompleter::new(layouts)),
            _ => arg,
        }
    })
}

/// A shell that waits for a completion waits no longer than this for a daemon.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(200);

/// Asks a daemon that runs; none is started for a completion.
fn ask(path: &str) -> Option<Value> {
    let here = here::read().ok()?;
    let client = Client::new(here.home.api_socket());
    block_on(async {
        let reply = client.send(Method::Get, path, Value::Null);
        tokio::time::timeout(PATIENCE, reply).await.map_err(Refusal::broken)?
    })
    .ok()
}

fn candidates(words: Vec<String>, current: &std::ffi::OsStr) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let fits = words.into_iter().filter(|word| word.starts_with(&*current));
    fits.map(CompletionCandidate::new).collect()
}

fn sessions(current: &std::ffi::OsStr) -> Vec<CompletionCandidate> {
    let all = ask("/v1/sessions").unwrap_or_default();
    let names = all.as_array().into_iter().flatten();
    candidates(names.filter_map(|s| Some(s["name"].as_str()?.to_owned())).collect(), current)
}

fn targets(current: &std::ffi::OsStr) -> Vec<CompletionCandidate> {
    let mut words = Vec::new();
    let all = ask("/v1/sessions").unwrap_or_default();
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let name = |value: &Value, key: &str| value[key].as_str().unwrap_or("").to_owned();
    for session in all.as_array().into_iter().flatten() {
        words.push(name(session, "name"));
        for window in list(session, "windows") {
            let at = format!("{}:{}", name(session, "name"), name(&window, "name"));
            words.extend(
                list(&window, "panes").iter().map(|p| format!("{at}.{}", name(p, "title"))),
            );
        }
    }
    candidates(words, current)
}

fn items(current: &std::ffi::OsStr) -> Vec<CompletionCandidate> {
    let open = ask("/v1/inbox").unwrap_or_default();
    let ids = open.as_array().into_iter().flatten();
    candidates(ids.filter_map(|item| Some(item["id"].as_str()?.to_owned())).collect(), current)
}

fn layouts(current: &std::ffi::OsStr) -> Vec<CompletionCandidate> {
    let names = crate::session::builtin_names().map(str::to_owned);
    candidates(names.collect(), current)
}
