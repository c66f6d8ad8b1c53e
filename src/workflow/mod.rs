//! Workflows: durable graphs of commands, agents and people.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`, `text`, `expr`, `schema`: the nouns of a definition; `file`: from YAML to them
//! - `show`: how definitions and runs look: drawings, progress, sentences, a page
//!
//! Invariants:
//! - A value from outside is never part of a shell text: it is a variable of its environment.
#![allow(dead_code, unused_imports, reason = "the engine comes with the next change")]

mod actor;
mod expr;
mod fact;
mod file;
mod find;
mod logs;
mod machine;
mod model;
mod output;
mod record;
mod run;
mod schema;
mod show;
mod start;
mod stream;
mod tell;
mod text;
mod verb;
mod view;

pub use actor::{Handle, Options, Ports, World, spawn};
pub use fact::KINDS as FACTS;
pub(crate) use stream::routes as streams;
pub(crate) use verb::{run as runs, workflow as workflows};
