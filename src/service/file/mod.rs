//! From the `[services.*]` tables of a `gaia.toml` (and `services/*.toml`) to checked services.
//!
//! `raw` is the file as written, `load` follows the catalog and fills in defaults, `check` looks at
//! all services together (cycles, ports, references), `fill` fills in `{{ … }}`.

mod build;
mod check;
mod edges;
mod fill;
mod load;
mod raw;

pub(crate) use fill::{Filler, fill};
pub(crate) use load::{Context, load, schema};
