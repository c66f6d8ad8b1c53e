//! Workflows: durable graphs of commands, agents and people.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`, `text`, `expr`, `schema`: the nouns of a definition; `file`: from YAML to them
//! - `run`: the nouns of a run, and how its journal becomes its state; `machine`: what happens next
//! - `start`, `output`, `tell`: pure; what a run is given, what a step gave back, events in words
//! - `find`: definitions by name; `record`, `fact`, `view`: what is stored, told and seen
//! - `actor`: the shell; one task that keeps the runs, and a job for each attempt
//! - `verb`, `stream`, `logs`: what can be asked; `door`: how triggers start runs
//! - `show`: how definitions and runs look: drawings, progress, sentences, a page
//!
//! Invariants:
//! - The state of a run is its journal, folded; whatever is done in the world follows from events
//!   that are on disk, and may be done twice.
//! - A definition is captured with each run of it: nobody changes it under way.
//! - A value from outside is never part of a shell text: it is a variable of its environment.

mod actor;
mod door;
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
pub use door::{Asked, Asker, Over};
pub use fact::KINDS as FACTS;
pub(crate) use stream::routes as streams;
pub(crate) use verb::{run as runs, workflow as workflows};
