//! From the text of a gaia.toml, and of a `.gaia/schedules.yaml`, to triggers; every fault at once.
//!
//! Pure. `raw` is the file as it is written, `time` reads what is about the clock, `source` the
//! other ways, `load` the rest, `yaml` the lists that other tools write.

mod load;
mod raw;
mod source;
mod time;
mod yaml;

#[cfg(test)]
mod tests;

pub(crate) use load::{Context, load};
pub(crate) use time::{moment, zone};

/// JSON Schema of `[triggers.NAME]`, for editors.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(raw::RawTrigger).to_value()
}
