//! The tree of commands: every slice's verbs, and the few commands that need no daemon.

use clap::{Arg, ArgAction, Command};

use crate::verb::Noun;

/// The command tree, also used to write `docs/reference/cli.md`, completions and man pages.
#[must_use]
pub fn command() -> Command {
    let json = Arg::new("json")
        .long("json")
        .global(true)
        .action(ArgAction::SetTrue)
        .help("Print the reply as one JSON document");
    let root = Command::new("gaia")
        .about("A workspace of coding agents and services in tmux that cannot be lost")
        .version(env!("CARGO_PKG_VERSION"))
        .arg(json)
        .subcommand_required(true)
        .arg_required_else_help(true);
    let root = crate::daemon::nouns().into_iter().fold(root, add_noun);
    let root = root
        .subcommand(super::attach::command())
        .subcommand(super::top::command())
        .subcommand(super::store::import_command())
        .subcommand(super::config::command())
        .subcommand(super::doctor::command())
        .subcommands(super::inside::commands())
        .subcommands(super::complete::commands());
    super::daemon::commands().into_iter().fold(root, |root, command| {
        root.mut_subcommand("daemon", |daemon| daemon.subcommand(command))
    })
}

fn add_noun(root: Command, noun: Noun) -> Command {
    let verbs = noun.entries.iter().map(|entry| super::complete::with_names((entry.command)()));
    let usual = noun.entries.iter().find(|entry| Some(entry.name) == noun.usual);
    match (noun.name, usual) {
        (None, _) => root.subcommands(verbs),
        (Some(name), None) => root.subcommand(
            Command::new(name).about(noun.about).subcommand_required(true).subcommands(verbs),
        ),
        // The noun alone takes what its usual verb takes.
        (Some(name), Some(usual)) => root.subcommand(
            (usual.command)()
                .name(name)
                .about(noun.about)
                .args_conflicts_with_subcommands(true)
                .subcommands(verbs),
        ),
    }
}
