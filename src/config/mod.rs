//! The settings of a home: `config.toml`, the environment, and where each value comes from.
//!
//! Pure: the text and the environment come in. Order: default < file < environment
//! (`GAIA_SECTION_KEY`); the last one wins and is remembered.

mod keys;
mod read;

pub use keys::{KEYS, Key, Kind};
pub use read::{Origin, Settings, Value};
