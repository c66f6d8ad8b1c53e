use std::{collections::BTreeMap, path::PathBuf};

use crate::base::{Home, Refusal};

/// What only the caller of a command knows; read once, in `cli`, and handed down.
pub struct Here {
    /// Present folder, absolute.
    pub cwd: PathBuf,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// gaia's home.
    pub home: Home,
    /// Reads all of standard input; refused when that is a terminal.
    pub stdin: fn() -> Result<Vec<u8>, Refusal>,
    /// Reads a text file of the caller's.
    pub read: fn(&std::path::Path) -> Result<String, Refusal>,
    /// Columns and rows of the terminal, if there is one.
    pub size: Option<(u16, u16)>,
}

impl Here {
    /// Whether colours are wanted: on a terminal, unless `NO_COLOR` is set.
    #[must_use]
    pub fn wants_colour(&self) -> bool {
        self.size.is_some() && self.env.get("NO_COLOR").is_none_or(String::is_empty)
    }

    /// `path` seen from the caller's folder; `~` is the caller's home folder.
    #[must_use]
    pub fn absolute(&self, path: &std::path::Path) -> PathBuf {
        match (path.strip_prefix("~"), self.env.get("HOME")) {
            (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => self.cwd.join(path),
        }
    }
}
