//! The example of this project: how much text there is.

use std::fmt;

use serde::Serialize;

/// How much text there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Ends of lines.
    pub lines: usize,
    /// Words between spaces.
    pub words: usize,
    /// Characters, not bytes.
    pub characters: usize,
}

impl Count {
    /// Counts a text.
    pub fn of(text: &str) -> Self {
        Self {
            lines: text.matches('\n').count(),
            words: text.split_whitespace().count(),
            characters: text.chars().count(),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>7} {:>7} {:>7}", self.lines, self.words, self.characters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_their_counts() {
        for (text, lines, words, characters) in
            [("", 0, 0, 0), ("one", 0, 1, 3), ("one two\nthrée\n", 2, 3, 14), (" \n\n", 2, 0, 3)]
        {
            assert_eq!(Count::of(text), Count { lines, words, characters }, "{text:?}");
        }
    }
}
