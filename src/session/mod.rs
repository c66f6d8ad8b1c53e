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
pub use fact::KINDS as FACTS;
pub use file::{Context, Source, load};
pub use layouts::{builtin, builtin_names};
pub use model::{Command, Declared, Layout, Pane, StopRule, Window};
pub use record::{Life, Origin, Phase};
pub(crate) use verb::{entries, routes, top};
pub use view::{PaneView, SessionView, View, WindowView};

/// JSON Schema of `gaia.toml`, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    file::schema()
}

pub(crate) use stream::routes as streams;

/// Checks a definition as `gaia up` would read it from this folder.
pub fn validate(
    files: &dyn crate::port::Files,
    here: &crate::verb::Here,
    (path, bytes): (&std::path::Path, &[u8]),
    dir: &std::path::Path,
) -> Result<Declared, crate::base::Refusal> {
    let finder = find::Finder { files, home: &here.home, env: &here.env };
    let source = Source { path: path.display().to_string(), bytes: bytes.to_vec() };
    finder.load(&source, dir, None)
}
