//! A session is a set of windows and panes that gaia keeps as declared.

mod model;

pub use model::{Command, Declared, Layout, Pane, StopRule, Window};
