use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::Set;
use crate::{
    base::Refusal,
    ledger::Entry,
    service::{actor::Handle, model::ServiceId},
    verb::{Here, Method, Ui, Verb},
};

/// `gaia service events`
pub(super) struct Events;

/// Arguments of [`Events`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Which
    #[command(flatten)]
    #[serde(flatten)]
    set: Set,
    /// Newest events shown
    #[arg(long, default_value_t = 100)]
    #[serde(default = "limit")]
    limit: usize,
}

fn limit() -> usize {
    100
}

/// Entries read from the ledger at once.
const PAGE: usize = 1024;

impl Verb for Events {
    const NAME: &'static str = "events";
    const ABOUT: &'static str = "Show what happened to services, from the ledger";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/services/events";
    type Args = Args;
    type Reply = Vec<serde_json::Value>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.set.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        // What happened to services that are gone can be asked for by name.
        let names: Vec<String> = match args.set.choose(&handle, true) {
            Ok(ids) => ids.iter().map(ServiceId::to_string).collect(),
            Err(_) if !args.set.names.is_empty() => args.set.names.clone(),
            Err(refusal) => return Err(refusal),
        };
        let ledger = handle.sessions().ledger();
        let mut found = std::collections::VecDeque::new();
        let mut after = 0;
        loop {
            let page = ledger.entries(after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for entry in page.iter().filter(|entry| is_of(entry, &names)) {
                found.push_back(serde_json::to_value(entry).map_err(Refusal::broken)?);
                if found.len() > args.limit {
                    found.pop_front();
                }
            }
        }
        Ok(found.into())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        reply.iter().map(|entry| line(entry, ui)).collect::<Vec<_>>().join("\n")
    }
}

fn is_of(entry: &Entry, names: &[String]) -> bool {
    let service = entry.body["service"].as_str();
    let fits = |service: &str, name: &String| {
        service == name || service.split_once('@').is_some_and(|(short, _)| short == name)
    };
    service.is_some_and(|service| names.iter().any(|name| fits(service, name)))
}

fn line(entry: &serde_json::Value, ui: &Ui) -> String {
    let at = entry["at"].as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    let at = at.map_or(String::new(), |at| {
        at.to_zoned(jiff::tz::TimeZone::system()).strftime("%F %T%.3f").to_string()
    });
    let kind = entry["kind"].as_str().unwrap_or("").trim_start_matches("service.");
    let service = entry["body"]["service"].as_str().unwrap_or("");
    let mut rest = entry["body"].clone();
    if let Some(body) = rest.as_object_mut() {
        body.remove("service");
        // The whole of these is in the JSON form.
        for long in ["log", "screen", "changed"] {
            body.remove(long);
        }
    }
    let empty = rest.as_object().is_none_or(serde_json::Map::is_empty);
    let rest = if empty { String::new() } else { rest.to_string() };
    format!("{at}  {}  {kind}  {rest}", ui.paint("1", service)).trim_end().to_owned()
}
