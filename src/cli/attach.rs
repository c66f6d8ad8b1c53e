//! `gaia attach`: this process becomes the terminal's tmux client.

use std::io::IsTerminal;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Outcome, send::block_on, start};
use crate::{
    adapter::process,
    base::{Code, Refusal},
    client::Method,
    verb::Here,
};

/// The command.
pub(super) fn command() -> Command {
    Command::new("attach")
        .about("Attach this terminal to a session")
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .help("Session; the only one there is if it is left out"),
        )
        .arg(
            Arg::new("read-only")
                .long("read-only")
                .short('r')
                .action(ArgAction::SetTrue)
                .help("Look, but do not type"),
        )
}

/// Becomes the tmux client; where there is no terminal, prints the line that does it.
pub(super) fn run(matches: &ArgMatches, here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let name = matches.get_one::<String>("name");
    let args = serde_json::json!({ "name": name, "read_only": matches.get_flag("read-only") });
    let reply = block_on(async {
        let client = start::connect(here).await?;
        client.send(Method::Get, "/v1/attach", args).await
    })?;
    if json {
        return Ok(Outcome::ok(reply.to_string()));
    }
    become_client(&reply)
}

/// `gaia service attach` and `gaia agent attach`: the same, with the pane of one in front.
pub(super) fn of(noun: &str, matches: &ArgMatches, here: &Here) -> Result<Outcome, Refusal> {
    let nouns = crate::daemon::nouns();
    let verbs = nouns.into_iter().filter(|known| known.name == Some(noun));
    let entry = verbs.flat_map(|noun| noun.entries).find(|entry| entry.name == "attach");
    let entry = entry.ok_or_else(|| Refusal::broken(format!("no verb for `{noun} attach`")))?;
    let request = (entry.read)(matches, here)?;
    let reply = block_on(async {
        let client = start::connect(here).await?;
        client.send(entry.method, entry.path, request.args).await
    })?;
    become_client(&reply)
}

fn become_client(reply: &serde_json::Value) -> Result<Outcome, Refusal> {
    let argv: Vec<String> =
        serde_json::from_value(reply["argv"].clone()).map_err(Refusal::broken)?;
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        let message = "this is not a terminal, so nothing can be attached to it";
        return Err(Refusal::new(Code::Failed, message)
            .help(format!("in a terminal: {}", shell_words::join(&argv))));
    }
    // tmux refuses to run inside another tmux, but this one is a different server.
    let error = process::become_program(&argv, &["TMUX", "TMUX_PANE"]);
    Err(super::world("tmux cannot be started", &error))
}
