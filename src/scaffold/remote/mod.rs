//! Addresses of templates in git repositories.
//!
//! Pure. Rooms: `address` (what may be fetched), `pick` (which version).
//!
//! Invariants:
//! - Only what has one plain reading is an address: no `..`, nothing encoded, no option, no helper
//!   (`ext::…`), no name or password in it.

mod address;
mod pick;
#[cfg(test)]
mod tests;

pub(crate) use address::{Address, is_address};
pub(crate) use pick::{Version, pick, versions};
