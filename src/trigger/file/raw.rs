//! The tables as they are written, with the place of every value that can be wrong.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use crate::define::{Any, Text};

/// What the triggers read of a `gaia.toml`; everything else in it is read by others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawFile {
    pub(super) triggers: Listed,
    pub(super) schedules: Listed,
}

/// Triggers by name, or a list of them.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) named: BTreeMap<Spanned<String>, Spanned<RawTrigger>>,
    pub(super) list: Vec<Spanned<RawTrigger>>,
}

/// What starts a run: one of `cron`, `every`, `file`, `webhook`, `fact`, `on`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RawTrigger {
    /// Its name; only in lists (`[[triggers]]`, `[[schedules]]`, `.gaia/schedules.yaml`).
    #[schemars(with = "Option<String>")]
    pub(super) name: Option<Text>,
    /// One line about it.
    pub(super) about: Option<String>,
    /// A cron pattern of 5 fields, of 6 with seconds first, or `@daily` and its like.
    #[schemars(with = "Option<String>")]
    pub(super) cron: Option<Text>,
    /// A span of time, e.g. `5m`, counted from the beginning of 1970 in UTC.
    #[schemars(with = "Option<String>")]
    pub(super) every: Option<Text>,
    /// A cron pattern, or `every 5m`.
    #[schemars(with = "Option<String>")]
    pub(super) schedule: Option<Text>,
    /// Globs of files, relative to the workspace: it fires when one changes.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) file: Option<Any>,
    /// Globs of files that do not count.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) ignore: Option<Any>,
    /// Time that files must be quiet, 500ms if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) debounce: Option<Text>,
    /// `true`, or `{ secret, header, algorithm }`: a signed POST to /v1/hooks/WORKSPACE/NAME.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(super) webhook: Option<Any>,
    /// Where the key of a webhook is: `env:NAME` or `file:/path`.
    #[schemars(with = "Option<String>")]
    pub(super) secret: Option<Text>,
    /// Kind of a fact of the ledger, e.g. `service.failed`; `*` stands for anything.
    #[schemars(with = "Option<String>")]
    pub(super) fact: Option<Text>,
    /// What fields of the fact must be, e.g. `{ service = "api" }`; `*` stands for anything.
    #[serde(rename = "where")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) wanted: BTreeMap<String, Any>,
    /// `boot` (once after the machine was started) or `daemon-start`.
    #[schemars(with = "Option<String>")]
    pub(super) on: Option<Text>,
    /// Workflow that is started.
    #[schemars(with = "Option<String>")]
    pub(super) workflow: Option<Text>,
    /// Inputs of what is started; `{{ … }}` in them is taken from what fired.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub(super) inputs: BTreeMap<String, Any>,
    /// Program and arguments, or a shell line; no value of the firing is put into it.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) command: Option<Any>,
    /// A shell line.
    #[schemars(with = "Option<String>")]
    pub(super) run: Option<Text>,
    /// `false`: it does not fire until `gaia trigger enable`.
    pub(super) enabled: Option<bool>,
    /// Zone whose clocks count, e.g. `Europe/Berlin`; that of this machine if it is left out.
    #[serde(alias = "timezone")]
    #[schemars(with = "Option<String>")]
    pub(super) tz: Option<Text>,
    /// Longest time it fires later than its slot; how much is always the same for one trigger.
    #[schemars(with = "Option<String>")]
    pub(super) jitter: Option<Text>,
    /// Nothing before this date or moment.
    #[schemars(with = "Option<String>")]
    pub(super) start: Option<Any>,
    /// Nothing after this date, or from this moment on.
    #[schemars(with = "Option<String>")]
    pub(super) end: Option<Any>,
    /// What is left out: `2027-01-01`, `2027-07-01..2027-07-31`, `12-25` of every year, or a cron
    /// pattern.
    #[schemars(with = "Vec<String>")]
    pub(super) exclude: Option<Any>,
    /// `wall` (default): a time of day comes once on its date; `elapsed`: as the hours pass.
    #[schemars(with = "Option<String>")]
    pub(super) dst: Option<Text>,
    /// What becomes of slots that were missed: `{ window = "1h", policy = "one", max = 10 }`; or
    /// only the policy: `one` (default), `all`, `skip`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(super) misfire: Option<Any>,
    /// While an earlier one runs: `queue_one` (default), `queue_all`, `skip`, `cancel_running`,
    /// `allow`; or `{ queue_all = 5 }`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(super) overlap: Option<Any>,
    /// Failures in a row after which it fires no more; never if it is left out.
    pub(super) pause_on_failures: Option<u32>,
    /// Most firings, e.g. `10/1h`; not for the clock.
    #[schemars(with = "Option<String>")]
    pub(super) limit: Option<Text>,
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> de::Visitor<'de> for Reader {
            type Value = Listed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("triggers by name, or a list of them")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Listed, A::Error> {
                let mut named = BTreeMap::new();
                while let Some((name, raw)) = map.next_entry()? {
                    named.insert(name, raw);
                }
                Ok(Listed { named, list: vec![] })
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Listed, A::Error> {
                let mut list = Vec::new();
                while let Some(one) = seq.next_element()? {
                    list.push(one);
                }
                Ok(Listed { named: BTreeMap::new(), list })
            }
        }
        input.deserialize_any(Reader)
    }
}
