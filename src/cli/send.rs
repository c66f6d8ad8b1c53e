//! Commands that are verbs: find the entry, ask the daemon, print the answer.

use clap::ArgMatches;
use serde_json::Value;

use super::{Outcome, json_text, print, print_raw, start, world};
use crate::{
    base::Refusal,
    client::Client,
    verb::{Entry, Follow, Here, Ui},
};

/// Runs the verb that `word` (and the subcommand below it) names.
pub(super) fn run(
    word: &str,
    sub: &ArgMatches,
    here: &Here,
    (ui, json): (&Ui, bool),
) -> Result<Outcome, Refusal> {
    let (entry, args, local) =
        find(word, sub).ok_or_else(|| Refusal::broken(format!("no verb for `{word}`")))?;
    let request = (entry.read)(args, here)?;
    if local {
        return block_on(super::scaffold::run(&entry, request.args, here, (ui, json)));
    }
    block_on(async {
        let client = start::connect(here).await?;
        let outcome = match request.follow {
            Some(follow) => stream(&client, &follow, (ui, json)).await,
            None => {
                let _shown = request
                    .progress
                    .filter(|_| !json && super::talks())
                    .map(|progress| tokio::spawn(show_progress(client.clone(), progress, *ui)));
                let first = entry.call(&client, request.args.clone(), ui).await;
                let answer = match first {
                    Ok(answer) => answer,
                    // It ended just now; the next one starts.
                    Err(_) => {
                        let client = start::connect(here).await?;
                        entry.call(&client, request.args, ui).await?
                    }
                };
                answer.map(|answer| {
                    let text = if json { json_text(&answer.reply) } else { answer.text };
                    Outcome { text, failed: answer.failed }
                })
            }
        };
        if let Some(other) = client.other_version() {
            super::note(&format!(
                "the daemon is gaia {other}, this is {}: `gaia daemon restart` brings it up to date and touches no pane",
                env!("CARGO_PKG_VERSION")
            ));
        }
        outcome
    })
}

/// The verb, its arguments, and whether it runs here.
fn find<'a>(word: &str, sub: &'a ArgMatches) -> Option<(Entry, &'a ArgMatches, bool)> {
    for noun in crate::daemon::nouns() {
        let (verb, args) = match noun.name {
            None => (word, sub),
            Some(name) if name == word => match (sub.subcommand(), noun.usual) {
                (Some(found), _) => found,
                (None, Some(usual)) => (usual, sub),
                (None, None) => return None,
            },
            Some(_) => continue,
        };
        let local = noun.local;
        if let Some(entry) = noun.entries.into_iter().find(|entry| entry.name == verb) {
            return Some((entry, args, local));
        }
    }
    None
}

/// The verb of a noun.
pub(super) fn entry_of(noun: &str, verb: &str) -> Result<Entry, Refusal> {
    let nouns = crate::daemon::nouns().into_iter().filter(|known| known.name == Some(noun));
    let found = nouns.flat_map(|noun| noun.entries).find(|entry| entry.name == verb);
    found.ok_or_else(|| Refusal::broken(format!("no verb `{noun} {verb}`")))
}

/// Tells how far it is, for as long as the reply is waited for.
async fn show_progress(client: Client, progress: Follow, ui: Ui) {
    let each = |item: Value| {
        let line = (progress.show)(&item, &ui);
        if !line.is_empty() {
            super::note_line(&line);
        }
        true
    };
    let _ = client.follow(&progress.path, each).await;
}

async fn stream(
    client: &Client,
    follow: &Follow,
    (ui, json): (&Ui, bool),
) -> Result<Outcome, Refusal> {
    let each = |item: Value| {
        if json {
            print(&json_text(&item));
        } else if follow.raw {
            print_raw(&(follow.show)(&item, ui));
        } else {
            print(&(follow.show)(&item, ui));
        }
        true
    };
    client.follow(&follow.path, each).await?;
    Ok(Outcome::ok(""))
}

/// Runs one request to its end.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| world("no runtime", &e))?
        .block_on(work)
}
