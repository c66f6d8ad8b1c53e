//! What tests do to a shim, by the environment of the host. Release builds do not have this.

#[cfg(debug_assertions)]
mod when_tested {
    use std::{env, thread, time::Duration};

    /// Holds the shim up before its claim.
    pub(in crate::pane::step) fn delay() {
        let span = env::var("GAIA_STEP_DELAY_MS").ok().and_then(|text| text.parse().ok());
        if let Some(millis) = span {
            thread::sleep(Duration::from_millis(millis));
        }
    }

    /// Another boot of the machine than it is.
    pub(in crate::pane::step) fn boot() -> Option<String> {
        env::var("GAIA_STEP_BOOT").ok()
    }

    /// Whether a claim takes the place of another's.
    pub(in crate::pane::step) fn claims_blindly() -> bool {
        env::var("GAIA_STEP_MUTANT").is_ok_and(|word| word == "noexcl")
    }
}

#[cfg(not(debug_assertions))]
mod when_tested {
    pub(in crate::pane::step) const fn delay() {}
    pub(in crate::pane::step) const fn boot() -> Option<String> {
        None
    }
    pub(in crate::pane::step) const fn claims_blindly() -> bool {
        false
    }
}

pub(super) use when_tested::{boot, claims_blindly, delay};
