//! Workflows: durable graphs of commands, agents and people.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`, `text`, `expr`, `schema`: the nouns of a definition; `file`: from YAML to them
//!
//! Invariants:
//! - A value from outside is never part of a shell text: it is a variable of its environment.
#![allow(dead_code, unused_imports, reason = "the engine comes with the next change")]

mod expr;
mod fact;
mod file;
mod machine;
mod model;
mod record;
mod run;
mod schema;
mod text;
mod view;
