//! From the text of a gaia.toml to agents and the way their tasks are done; every fault at once.
//!
//! Pure.

mod load;
mod raw;

pub(crate) use load::{Context, Declared, load, stands_for};

/// JSON Schema of `[agents.NAME]` and `[tasks]`, for editors.
pub(crate) fn schema() -> (serde_json::Value, serde_json::Value) {
    let agent = schemars::schema_for!(raw::RawAgent).to_value();
    (agent, schemars::schema_for!(raw::RawTasks).to_value())
}
