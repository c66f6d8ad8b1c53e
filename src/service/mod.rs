//! A service is a program that gaia keeps running, in a pane that a person can attach to.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`: the nouns; `probe`: the questions, one file per kind; `file`: from TOML to them
//! - `import`: from the files of other tools to that TOML
//! - `machine`: pure; what every report and wish means in every phase; `condition`, `graph`,
//!   `diff`, `lease`: pure choices about several services
//! - `launch`: from a definition to what its shim runs
//! - `record`, `history`, `fact`, `view`: what is stored, told and seen
//! - `actor`: the shell; one task that waits for nothing but the ledger
//! - `verb`: one file per thing a person can ask; `door`: the same for the rest of gaia
//!
//! Invariants:
//! - At most one process per service: the shim of its pane runs its unit once.
//! - Every report names its incarnation; one that comes late changes nothing.
//! - Readiness moves health and nothing else; only liveness, a limit or a person restarts.
mod actor;
mod catalog;
mod condition;
mod diff;
mod door;
mod fact;
mod file;
mod find;
mod graph;
mod history;
mod import;
mod launch;
mod lease;
mod logs;
mod machine;
mod model;
mod probe;
mod record;
mod stream;
mod verb;
mod view;

pub use actor::{Handle, Ports, spawn};
pub use catalog::{catalog_entry, catalog_names};
pub use fact::KINDS as FACTS;
pub(crate) use model::ServiceId;
pub(crate) use stream::routes as streams;
pub(crate) use verb::{entries, routes, service_table, top, views};
pub(crate) use view::ServiceView;

/// JSON Schema of `gaia.toml`, for editors: the session's keys and the services.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut whole = crate::session::schema();
    let mut service = file::schema();
    if let Some(definitions) = service.as_object_mut().and_then(|s| s.remove("$defs")) {
        for (name, definition) in definitions.as_object().into_iter().flatten() {
            whole["$defs"][name] = definition.clone();
        }
    }
    whole["$defs"]["RawService"] = service;
    whole["properties"]["services"] = serde_json::json!({
        "description": "Services by name: programs that are kept running, each in a pane.",
        "type": "object",
        "additionalProperties": { "$ref": "#/$defs/RawService" },
    });
    whole
}

/// Checks a definition as `gaia up` would read it from this folder: windows, panes and services.
pub fn validate(
    (files, prober): (&dyn crate::port::Files, &dyn crate::port::Prober),
    here: &crate::verb::Here,
    (path, bytes): (&std::path::Path, &[u8]),
    dir: &std::path::Path,
) -> Result<(crate::session::Declared, usize), crate::base::Refusal> {
    let definitions = find::Definitions { files, prober, home: &here.home, env: &here.env };
    let source = crate::session::Source { path: path.display().to_string(), bytes: bytes.to_vec() };
    let workspace = definitions.read(&source, dir)?;
    Ok((workspace.declared, workspace.services.len()))
}
