//! What starts runs of workflows and commands: the clock, files that change, calls from outside,
//! facts of the ledger.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`: the nouns; `cron`: slots and what is made up for; `machine`: where a firing goes
//! - `file`: from text to triggers; `fill`: from a firing to inputs; `sign`: signatures
//! - `record`, `fact`: what is stored and told; `find`: reads a workspace
//! - `starter`: who starts what a firing asks for
//! - `actor`: the shell; `hook`, `verb`: what can be asked
//!
//! Invariants:
//! - A slot, a delivery, a fact fires once: its firing's id is made of it, and is stored in the
//!   same step as the watermark.
//! - What does not fire says why, as a fact.
//! - Nothing that comes with a firing is ever put into a shell line.
//! - Who cannot sign a call learns nothing about the triggers there are.

mod actor;
mod cron;
mod fact;
mod file;
mod fill;
mod find;
mod hook;
mod machine;
mod model;
mod record;
mod sign;
mod starter;
mod verb;

pub use actor::{Handle, Ports, spawn};
pub use fact::KINDS as FACTS;
pub use hook::HOOKS;
pub(crate) use hook::routes as hooks;
pub use model::{Ended, Firing, Started, What};
pub use starter::{FakeStarter, Starter};
pub(crate) use verb::{entries, routes};

/// Adds the triggers to the JSON Schema of a gaia.toml.
pub fn add_to_schema(whole: &mut serde_json::Value) {
    whole["$defs"]["RawTrigger"] = file::schema();
    let one = serde_json::json!({ "$ref": "#/$defs/RawTrigger" });
    let list = serde_json::json!({ "type": "array", "items": one });
    let named = serde_json::json!({ "type": "object", "additionalProperties": one });
    whole["properties"]["triggers"] = serde_json::json!({
        "description": "What starts runs, by name, or a list of them.",
        "anyOf": [named, list],
    });
    whole["properties"]["schedules"] = serde_json::json!({
        "description": "What starts runs, as `{name, schedule, command}`.",
        "anyOf": [named, list],
    });
}

/// Checks the triggers of a definition; how many there are.
pub fn validate(path: &str, bytes: &[u8]) -> Result<usize, crate::base::Refusal> {
    let source = crate::session::Source { path: path.to_owned(), bytes: bytes.to_vec() };
    find::of(&source, None, "workspace", crate::base::Moment(0)).map(|all| all.len())
}
