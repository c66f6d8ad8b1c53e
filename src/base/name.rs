use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of a session, window, pane or layout, as people type it.
///
/// Invariant: 1..=40 of `A-Za-z0-9_-`, not starting with `-`: safe as a tmux name (which turns
/// `:` and `.` into `_` and expands `#(…)`), as a file name and in a URL (tmux-engine.md §3).
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Name(String);

/// A name that breaks the rule of [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a valid name: use 1 to 40 of A-Z, a-z, 0-9, _ and -, not starting with -")]
pub struct BadName(pub String);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest valid name to any text: other characters become `-`, `fallback` if none is left.
    #[must_use]
    pub fn near(text: &str, fallback: &str) -> Self {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let kept: String = text.chars().map(|c| if fits(c) { c } else { '-' }).take(40).collect();
        let trimmed = kept.trim_matches('-');
        Self(if trimmed.is_empty() { fallback.to_owned() } else { trimmed.to_owned() })
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let fits = (1..=40).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(BadName(text.to_owned())) }
    }
}

impl TryFrom<String> for Name {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_tmux_would_bend_are_refused() {
        for bad in ["", "a:b", "a.b", "#(id)", "a\nb", "-x", "%5", "ä", &"x".repeat(41)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
        for good in ["a", "Web_2-x", "0", "_"] {
            assert!(good.parse::<Name>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn the_nearest_name_of_anything_is_a_name() {
        for text in ["my.project", "...", "#(rm -rf)", "", "ünïcode", &"y".repeat(99)] {
            let near = Name::near(text, "workspace");
            assert_eq!(near.as_str().parse::<Name>().unwrap(), near, "{text:?}");
        }
    }
}
