//! Workflows: durable graphs of commands, agents and people.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`: the nouns of a definition; `text`: references in texts; `expr`: conditions; `schema`:
//!   what values must be; `file`: from YAML to all of these
//!
//! Invariants:
//! - A value from outside is never part of a shell text: it is a variable of its environment.
#![allow(dead_code, unused_imports, reason = "the engine comes with the next change")]

mod expr;
mod file;
mod model;
mod schema;
mod text;

pub(crate) use file::{Beside, Context, json_schema, load};
