//! Coding agents: started in panes, fed, fenced, metered, and never lost.
//!
//! Rooms, from the quiet one to the loud one:
//! - `id`, `model`: the nouns; `file`: from a gaia.toml to them; `find`: where definitions lie
//! - `driver`: what gaia knows of each make, as data; `evidence`: what an agent does, told from its
//!   hooks, title and screen; `delivery`: a prompt into an input line, at most once
//! - `queue`, `machine`, `stats`, `words`: pure; who does what next, what an end means
//! - `begin`, `wish`, `record`, `fact`, `view`: what is asked, checked, stored, told and seen
//! - `actor`: the shell; one task that keeps the records, and a job for each attempt
//! - `door`: what the rest of gaia asks of agents: work handed over, waited for, landed
//! - `verb`: `gaia task`, `gaia agent`, and `gaia self` for the agents themselves
//!
//! Invariants:
//! - Each step of an attempt is on disk before it is done; a daemon that comes back goes on.
//! - A shim starts the program of an attempt once; a prompt whose fate nobody knows is not sent
//!   again.
//! - Work is never destroyed: what is nowhere else is kept under a ref.

mod actor;
mod begin;
pub mod delivery;
mod door;
pub mod driver;
mod end;
pub mod evidence;
mod fact;
mod file;
mod find;
mod id;
mod machine;
mod model;
mod queue;
mod record;
mod stats;
mod verb;
mod view;
mod wish;
mod words;

pub use actor::{Handle, Ports, spawn};
#[allow(unused_imports, reason = "workflows are about to use them")]
pub(crate) use door::{Hand, LandedWork, Outcome};
pub use fact::KINDS as FACTS;
pub use id::TaskId;
pub(crate) use verb::{agent as agents, own, task as tasks, top};

/// Adds the agents, the tasks and the fence to the JSON Schema of a gaia.toml.
pub fn add_to_schema(whole: &mut serde_json::Value) {
    let (agent, tasks) = file::schema();
    for (name, mut schema) in [("RawAgent", agent), ("RawTasks", tasks)] {
        if let Some(definitions) = schema.as_object_mut().and_then(|s| s.remove("$defs")) {
            for (name, definition) in definitions.as_object().into_iter().flatten() {
                whole["$defs"][name] = definition.clone();
            }
        }
        whole["$defs"][name] = schema;
    }
    whole["properties"]["agents"] = serde_json::json!({
        "description": "Coding agents by name.",
        "type": "object",
        "additionalProperties": { "$ref": "#/$defs/RawAgent" },
    });
    whole["properties"]["fence"] = serde_json::json!({ "$ref": "#/$defs/RawFence" });
    whole["properties"]["tasks"] = serde_json::json!({ "$ref": "#/$defs/RawTasks" });
}

/// Checks the agents, the tasks and the fence of a definition.
pub fn validate(
    files: &dyn crate::port::Files,
    here: &crate::verb::Here,
    (path, bytes): (&std::path::Path, &[u8]),
    dir: &std::path::Path,
) -> Result<usize, crate::base::Refusal> {
    let source = crate::session::Source { path: path.display().to_string(), bytes: bytes.to_vec() };
    let workspace = crate::base::Name::near("workspace", "workspace");
    find::declared(files, &here.home, &source, (dir, &workspace, &[]))
        .map(|found| found.agents.len())
}
