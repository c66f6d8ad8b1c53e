//! Templates in git repositories.
//!
//! Rooms: `address` (what may be fetched), `pick` (which version), `tree` (what may be in it), all
//! pure; `store` (those that this home knows, and fetching them).
//!
//! Invariants:
//! - Only what has one plain reading is an address: no `..`, nothing encoded, no option, no helper
//!   (`ext::…`), no name or password in it.
//! - Of a fetched repository only the texts of one commit are read: nothing is checked out, no hook
//!   and no filter of it runs, no submodule is fetched.

mod address;
mod pick;
mod store;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use address::{Address, is_address};
pub(crate) use pick::{Version, pick, versions};
pub(crate) use store::{Store, Want};
pub(crate) use tree::tree_of;
