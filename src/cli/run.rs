//! `gaia run start --follow` and `gaia run follow`: what happens in a run, as it happens, then how
//! it ended.

use clap::ArgMatches;
use serde_json::Value;

use super::{
    Outcome, json_text, print,
    send::{block_on, entry_of},
    start, talks,
};
use crate::{
    base::Refusal,
    client::{Client, escape},
    verb::{Here, Ui},
};

/// Whether this is for this room and not for a verb alone.
pub(super) fn is_followed(verb: &str, args: &ArgMatches) -> bool {
    verb == "start" && args.get_flag("follow") && !args.get_flag("dry_run")
}

/// Starts a run, shows what happens in it, and how it ended.
pub(super) fn start(
    args: &ArgMatches,
    here: &Here,
    (ui, json): (&Ui, bool),
) -> Result<Outcome, Refusal> {
    let entry = entry_of("run", "start")?;
    let mut request = (entry.read)(args, here)?;
    // It is waited for here.
    request.args["wait"] = Value::Bool(false);
    block_on(async {
        let client = start::connect(here).await?;
        let answer = entry.call(&client, request.args, ui).await??;
        let id = answer.reply["id"].as_str().unwrap_or_default().to_owned();
        follow(&client, &id, json).await?;
        let entry = entry_of("run", "wait")?;
        let answer = entry.call(&client, serde_json::json!({ "id": id }), ui).await??;
        let text = if json { json_text(&answer.reply) } else { answer.text };
        Ok(Outcome { text, failed: answer.failed })
    })
}

async fn follow(client: &Client, id: &str, json: bool) -> Result<(), Refusal> {
    let talks = talks() && !json;
    let each = |item: Value| {
        if talks {
            wipe();
        }
        if json {
            print(&json_text(&item));
        } else {
            let lines = item["lines"].as_array().into_iter().flatten();
            let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
            print(&lines.join("\n"));
        }
        if talks && item["state"] == "running" {
            hold(item["progress"].as_str().unwrap_or_default());
        }
        true
    };
    let followed = client.follow(&format!("/v1/runs/{}/stream", escape(id)), each).await;
    if talks {
        wipe();
    }
    followed
}

/// Takes the line away that says how far it is.
fn wipe() {
    eprint!("\r\x1b[K");
}

/// Says how far it is, on a line that will be written over.
fn hold(line: &str) {
    eprint!("{line}");
}
