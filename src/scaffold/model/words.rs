use std::{ops::Range, sync::Arc};

use crate::base::ConfigError;

/// A text file of a template, for faults that point into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// Path below the template, as it is said to a person.
    pub(crate) path: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Sheet {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// A fault at a place of this file.
    pub(crate) fn fault(&self, at: Range<usize>, what: impl Into<String>) -> ConfigError {
        ConfigError::new(&self.path, &self.text, at, what)
    }
}

/// A text out of a file: an expression, a default, a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) at: Range<usize>,
    pub(crate) sheet: Sheet,
}

impl Words {
    /// A fault of this text.
    pub(crate) fn fault(&self, what: impl Into<String>) -> ConfigError {
        self.sheet.fault(self.at.clone(), what)
    }
}
