//! What an agent is doing, told from evidence: its own hooks, the title of its pane, its screen.
//!
//! Pure. The rules of a make are data ([`Rules`]); [`Screen`] is the picture that a person would
//! see; [`judge`] is what the rules say of it; [`Watch`] makes states that last out of judgements
//! that flicker. Silence and doubt never become `waiting`: that takes positive evidence.
#![deny(clippy::wildcard_enum_match_arm)]

mod composer;
mod judge;
mod read;
mod rules;
mod screen;
mod state;
mod watch;

pub use composer::Composer;
pub use judge::{Judgement, explain, judge};
pub use read::RawEvidence;
pub use rules::Rules;
pub use screen::Screen;
pub use state::{Need, Source, State};
pub use watch::{Change, Hook, Sign, Standing, Watch};

#[cfg(test)]
mod tests;
