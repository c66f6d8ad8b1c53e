use std::cmp::Ordering;

use super::model::Driver;

/// What the version command of a program told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The version, as it calls itself.
    pub version: String,
    /// How well gaia knows it.
    pub known: Known,
}

/// How well gaia knows a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// This one was tested.
    Tested,
    /// Newer than all that were tested.
    Newer,
    /// Older than the newest that was tested, and not tested itself.
    Older,
    /// Older than the oldest that can work.
    TooOld,
}

impl Driver {
    /// The command that tells the version; without it, there is nothing to find out.
    #[must_use]
    pub fn version_command(&self) -> Option<&[String]> {
        self.driver.detect.as_ref().map(|detect| detect.command.as_slice())
    }

    /// What to type to install it.
    #[must_use]
    pub fn install_hint(&self) -> Option<&str> {
        self.driver.detect.as_ref().and_then(|detect| detect.install.as_deref())
    }

    /// The versions that were tested.
    #[must_use]
    pub fn tested(&self) -> &[String] {
        self.driver.detect.as_ref().map_or(&[], |detect| detect.tested.as_slice())
    }

    /// Reads the output of the version command; `None` if it tells no version.
    #[must_use]
    pub fn judge_version(&self, output: &str) -> Option<Found> {
        let detect = self.driver.detect.as_ref()?;
        let output = crate::base::plain(output);
        let version = detect.pattern.capture(&output)?;
        let below = |other: &str| order(&version, other) == Ordering::Less;
        let known = if detect.tested.contains(&version) {
            Known::Tested
        } else if detect.min.as_deref().is_some_and(below) {
            Known::TooOld
        } else if detect.tested.iter().any(|tested| below(tested)) {
            Known::Older
        } else {
            Known::Newer
        };
        Some(Found { version, known })
    }
}

/// Compares versions number by number.
fn order(a: &str, b: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    numbers(a).cmp(&numbers(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::driver::builtin;

    #[test]
    fn a_version_is_judged_by_those_that_were_tested() {
        let claude = Driver::load("claude.toml", builtin("claude").unwrap()).unwrap();
        let known = |text: &str| claude.judge_version(text).map(|found| found.known);
        assert_eq!(known("2.1.328 (Claude Code)\r\n"), Some(Known::Tested));
        assert_eq!(known("\x1b[0m2.1.197 (Claude Code)"), Some(Known::Tested));
        assert_eq!(known("2.1.1000 (Claude Code)"), Some(Known::Newer));
        assert_eq!(known("2.1.99 (Claude Code)"), Some(Known::Older));
        assert_eq!(known("1.0.128 (Claude Code)"), Some(Known::TooOld));
        assert_eq!(known("command not found"), None);
    }
}
