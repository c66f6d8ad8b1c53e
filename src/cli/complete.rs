//! `gaia completion SHELL` and `gaia man`: what shells and readers of manuals need.

use clap::{Arg, ArgMatches, Command};
use clap_complete::{CompleteEnv, env::Shells};

use super::{Outcome, world};
use crate::{
    adapter::files,
    base::{Code, Refusal},
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
