use regex::Regex;

use super::State;

/// How the screens of one make are read.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(crate) rules: Vec<Rule>,
    pub(crate) composer: Option<ComposerRule>,
    pub(crate) turn: Option<Regex>,
    pub(crate) ticking: Vec<Regex>,
    /// How long a working agent may show no progress before it is stalled.
    pub silence_ms: u64,
}

/// What a region has to show, and the state that it means. The first rule that fits counts.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) is: State,
    pub(crate) region: Region,
    pub(crate) any: Vec<Regex>,
    pub(crate) all: Vec<Regex>,
    pub(crate) not: Vec<Regex>,
    /// Its capture is the time until which a limit holds.
    pub(crate) until: Option<Regex>,
}

/// A part of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    /// All lines.
    Whole,
    /// The last lines that are not empty.
    Bottom(usize),
    /// What follows the last prompt, without the composer.
    Turn,
    /// Where a person types.
    Composer,
    /// The line of the cursor.
    Cursor,
    /// The title of the pane.
    Title,
}

/// How the input line is found. Patterns are tried on one line each.
#[derive(Debug, Clone)]
pub(crate) struct ComposerRule {
    /// The line that follows the input; the lowest one on the screen counts.
    pub(crate) below: Option<Regex>,
    /// The first line of the input; its capture is what a person typed.
    pub(crate) first: Option<Regex>,
    /// Further lines of the input.
    pub(crate) next: Option<Regex>,
    /// The line before the input.
    pub(crate) above: Option<Regex>,
    /// Lines that look like input and are none, such as a list of choices.
    pub(crate) not: Option<Regex>,
    /// Typed text that is none: hints and labels.
    pub(crate) ghost: Option<Regex>,
}

impl Region {
    /// The region of a word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "whole" => Some(Self::Whole),
            "turn" => Some(Self::Turn),
            "composer" => Some(Self::Composer),
            "cursor" => Some(Self::Cursor),
            "title" => Some(Self::Title),
            _ => {
                let lines = word.strip_prefix("bottom(")?.strip_suffix(')')?.parse().ok()?;
                (lines > 0).then_some(Self::Bottom(lines))
            }
        }
    }
}

impl Rules {
    /// Whether the input line of this make can be read from the screen.
    #[must_use]
    pub fn has_composer(&self) -> bool {
        self.composer.is_some()
    }
}
