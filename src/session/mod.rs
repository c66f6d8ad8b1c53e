//! A session is a set of windows and panes that gaia keeps as declared.
//!
//! Rooms, from the quiet one to the loud one:
//! - `model`: the nouns; `file`: from the text of a `gaia.toml` to them; `env`: environments
//! - `machine`: pure; which moves bring the real to the declared, and what an end means
//! - `view`, `target`: the picture people see, and how they name what is in it
//! - `record`, `fact`: what is stored, what is told
//! - `actor`: the shell; one task; the only room that awaits
//! - `verb`: one file per thing a person can ask
//!
//! Invariants:
//! - What shall be is stored before anything is made, so a restart finishes it.
//! - Death is learned from the shim, never from the screen.
//! - What a person does by hand in tmux is taken over, not fought.

mod actor;
mod cast;
mod env;
mod fact;
mod file;
mod find;
mod import;
mod layouts;
mod machine;
mod model;
mod record;
mod stream;
mod target;
mod verb;
mod view;

pub use actor::{Handle, Ports, Upkeep, spawn};
pub(crate) use actor::{OpenRequest, TaskPane, What};
pub(crate) use env::{Env, Parts, is_usual, resolve};
pub use fact::KINDS as FACTS;
pub(crate) use file::service_pane;
pub use file::{Context, Source, load};
pub(crate) use find::{FILE, Finder};
pub use layouts::{builtin, builtin_names};
pub use model::{Command, Declared, Layout, Pane, StopRule, Window};
pub use record::{Life, Origin, Phase};
pub(crate) use verb::{Caller, entries, open, pane_table, routes};
pub use view::{PaneView, SessionView, View, WindowView};

/// JSON Schema of `gaia.toml`, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    file::schema()
}

pub(crate) use stream::routes as streams;
