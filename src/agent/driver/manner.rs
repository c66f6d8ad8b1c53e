//! What the rest of the agents want to know of a driver.

use super::model::Driver;
use crate::agent::{delivery::Manner, evidence::Rules};

/// Time for a sign that a prompt was taken (real-agents.md §3).
const CONFIRM_MS: u64 = 3_000;
/// How often Enter is pressed again (real-agents.md §3).
const ENTER_RETRIES: u32 = 3;
/// Time for the echo of a short prompt.
const ECHO_MS: u64 = 10_000;
/// A person's draft or an open dialog is waited for this long.
const PATIENCE_MS: u64 = 30_000;

impl Driver {
    /// How its screens and titles are read.
    #[must_use]
    pub fn rules(&self) -> Option<&Rules> {
        self.rules.as_ref()
    }

    /// How prompts are typed into it.
    #[must_use]
    pub fn manner(&self) -> Manner {
        Manner {
            enter_after_ms: self.keys().enter_after_ms,
            confirm_ms: CONFIRM_MS,
            enter_retries: ENTER_RETRIES,
            echo_ms: ECHO_MS,
            patience_ms: PATIENCE_MS,
            composer: self.rules.as_ref().is_some_and(Rules::has_composer),
        }
    }

    /// Whether its program has a place for the text that says who it is.
    #[must_use]
    pub fn takes_role(&self) -> bool {
        !self.role.args.is_empty() || self.role.file.is_some()
    }

    /// Whether a session can be gone on with through the command line.
    #[must_use]
    pub fn resumes(&self) -> bool {
        self.headless.as_ref().is_some_and(|style| !style.resume.is_empty())
    }
}
