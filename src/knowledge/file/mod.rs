//! An expert as a YAML file: read with all its faults at once, and written.
//!
//! Pure. What is written reads back as what it was written from.

mod load;
mod write;

pub(super) use load::{check_text, load};
pub(super) use write::{LISTS, item, section, write};

#[cfg(test)]
mod tests;
