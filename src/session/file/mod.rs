//! From the text of a `gaia.toml` or a layout to a checked [`Declared`](super::Declared). Pure: the
//! texts come in, the faults come out, all of them, each at its place.

mod layout;
mod load;
mod pane;
mod raw;

pub use load::{Context, Source, load};
pub(crate) use load::{service_pane, shell_window};
pub(crate) use raw::schema;
