//! `gaia import`, `gaia export FILE`, `gaia ledger verify --file`: what needs files of the caller.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command};

use super::{Outcome, send::block_on, start, world};
use crate::{
    adapter::{Lock, LockError, SledStore, files},
    base::{Code, Refusal},
    client::Method,
    ledger,
    verb::Here,
};

/// The command `import`.
pub(super) fn import_command() -> Command {
    Command::new("import")
        .about("Fill an empty home from what `gaia export` wrote")
        .arg(Arg::new("file").value_name("FILE").required(true))
}

/// Fills an empty home; no daemon may run on it meanwhile.
pub(super) fn import(matches: &ArgMatches, here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let text = read(matches, here)?;
    let run = here.home.run();
    for folder in [here.home.root(), run.as_path()] {
        files::private_dir(folder).map_err(|e| world(&folder.display().to_string(), &e))?;
    }
    let _lock = Lock::take(&here.home.lock()).map_err(|error| match error {
        LockError::Held(by) => {
            Refusal::new(Code::Denied, format!("a daemon of this home runs ({by})"))
                .help("import into an empty home, or end it with `gaia daemon stop`")
        }
        LockError::Io(error) => world("the lock of this home", &error),
    })?;
    let store = SledStore::open(&here.home.store()).map_err(ledger::store_refusal)?;
    let (records, entries) = ledger::import(&store, &text)?;
    if json {
        let reply = serde_json::json!({ "records": records, "entries": entries });
        return Ok(Outcome::ok(reply.to_string()));
    }
    Ok(Outcome::ok(format!("{records} records and {entries} entries are imported")))
}

/// Writes everything to a file, or to standard output.
pub(super) fn export(matches: &ArgMatches, here: &Here, json: bool) -> Result<Outcome, Refusal> {
    let reply = block_on(async {
        let client = start::connect(here).await?;
        client.send(Method::Get, "/v1/export", serde_json::Value::Null).await
    })?;
    let lines: Vec<String> =
        serde_json::from_value(reply["lines"].clone()).map_err(Refusal::broken)?;
    let text = lines.join("\n") + "\n";
    let Some(path) = matches.get_one::<PathBuf>("file") else { return Ok(Outcome::ok(text)) };
    let path = here.absolute(path);
    files::replace(&path, text.as_bytes()).map_err(|e| world(&path.display().to_string(), &e))?;
    let reply = serde_json::json!({ "file": path, "lines": lines.len() });
    let word = format!("{} lines are in {}", lines.len(), path.display());
    Ok(Outcome::ok(if json { reply.to_string() } else { word }))
}

/// Checks the ledger in an export; no daemon is needed.
pub(super) fn verify_file(
    matches: &ArgMatches,
    here: &Here,
    json: bool,
) -> Result<Outcome, Refusal> {
    let verdict = ledger::verify_lines(&read(matches, here)?);
    let failed = !verdict.faults.is_empty();
    let reply = serde_json::to_value(&verdict).map_err(Refusal::broken)?;
    if json {
        return Ok(Outcome { text: reply.to_string(), failed });
    }
    let text = ledger::show_verdict(reply, &super::here::ui(here))?;
    Ok(Outcome { text, failed })
}

fn read(matches: &ArgMatches, here: &Here) -> Result<String, Refusal> {
    let named = matches.try_get_one::<PathBuf>("file").ok().flatten().cloned();
    let named =
        named.or_else(|| matches.try_get_one::<String>("file").ok().flatten().map(PathBuf::from));
    let path = here.absolute(&named.unwrap_or_default());
    files::read_text(&path).map_err(|what| Refusal::new(Code::Invalid, what))
}
