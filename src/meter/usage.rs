use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Millionths of a US dollar.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub struct Micros(pub u64);

impl Micros {
    /// The sum; never wraps around.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left; nothing if `other` is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Dollars as a number, rounded to the nearest millionth; for a reader that reports a float.
    #[must_use]
    pub fn of_dollars(dollars: f64) -> Option<Self> {
        let micros = (dollars * 1e6).round();
        // A float holds whole numbers exactly up to 2^53: nine thousand million dollars.
        ((0.0..9e15).contains(&micros)).then_some(Self(micros as u64))
    }

    /// Dollars for a document; sums are made in [`Micros`].
    #[must_use]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for Micros {
    /// Dollars and cents; four digits below a dollar, where agents mostly are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1_000_000 {
            let tenths_of_cents = self.0.div_ceil(100);
            write!(f, "${}.{:04}", tenths_of_cents / 10_000, tenths_of_cents % 10_000)
        } else {
            let cents = self.0.div_ceil(10_000);
            write!(f, "${}.{:02}", cents / 100, cents % 100)
        }
    }
}

/// Tokens by kind. The kinds are apart: no token is counted in two of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Read by the model, not from its cache.
    #[serde(default)]
    pub input: u64,
    /// Written by the model, its thoughts left out if they are told apart.
    #[serde(default)]
    pub output: u64,
    /// Read from the cache.
    #[serde(default)]
    pub cache_read: u64,
    /// Written to the cache.
    #[serde(default)]
    pub cache_write: u64,
    /// Thoughts, where they are told apart; they cost as output.
    #[serde(default)]
    pub reasoning: u64,
}

impl Tokens {
    /// All kinds together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.list().into_iter().fold(0, u64::saturating_add)
    }

    /// From a report whose input counts what was read from the cache too (Codex, Gemini, Qwen).
    #[must_use]
    pub fn cached_in_input(self) -> Self {
        Self { input: self.input.saturating_sub(self.cache_read), ..self }
    }

    /// From a report whose output counts the thoughts too (Codex).
    #[must_use]
    pub fn reasoning_in_output(self) -> Self {
        Self { output: self.output.saturating_sub(self.reasoning), ..self }
    }

    /// The sum, kind by kind.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    /// What is left, kind by kind.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    /// The smaller one, kind by kind.
    #[must_use]
    pub(super) fn least(&self, other: &Self) -> Self {
        self.each(other, u64::min)
    }

    /// Whether any kind is less than it was.
    #[must_use]
    pub(super) fn fell_below(&self, before: &Self) -> bool {
        self.list().iter().zip(before.list()).any(|(now, before)| *now < before)
    }

    fn list(&self) -> [u64; 5] {
        [self.input, self.output, self.cache_read, self.cache_write, self.reasoning]
    }

    fn each(&self, other: &Self, by: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            input: by(self.input, other.input),
            output: by(self.output, other.output),
            cache_read: by(self.cache_read, other.cache_read),
            cache_write: by(self.cache_write, other.cache_write),
            reasoning: by(self.reasoning, other.reasoning),
        }
    }
}

/// What was used: tokens, and their cost if it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Tokens.
    pub tokens: Tokens,
    /// What they cost; `None` if the model has no price.
    pub cost: Option<Micros>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_dollars_and_is_never_rounded_to_nothing() {
        for (micros, text) in [
            (0, "$0.0000"),
            (1, "$0.0001"),
            (12_345, "$0.0124"),
            (999_999, "$1.0000"),
            (1_000_000, "$1.00"),
            (12_340_001, "$12.35"),
        ] {
            assert_eq!(Micros(micros).to_string(), text);
        }
        assert_eq!(Micros::of_dollars(0.1), Some(Micros(100_000)));
        for bad in [-0.1, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Micros::of_dollars(bad), None, "{bad}");
        }
    }

    #[test]
    fn tokens_that_a_report_counts_twice_count_once() {
        let codex =
            Tokens { input: 1000, output: 50, cache_read: 900, reasoning: 30, ..Tokens::default() };
        let apart = codex.cached_in_input().reasoning_in_output();
        assert_eq!((apart.input, apart.output), (100, 20));
        assert_eq!(apart.total(), 1050);
        assert_eq!(Tokens { input: u64::MAX, output: 1, ..codex }.total(), u64::MAX);
    }
}
