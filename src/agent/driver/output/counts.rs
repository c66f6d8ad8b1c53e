use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{TokensAt, at};

/// Tokens by kind. `input` is what was neither read from nor written to a cache; `reasoning` is
/// told where the make tells it, and is part of `output` in most of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Read by the model at the full price.
    pub input: u64,
    /// Written by the model.
    pub output: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Written to the cache.
    pub cache_write: u64,
    /// Thought, and not shown.
    pub reasoning: u64,
}

impl Tokens {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }

    /// What a counter has grown by; one that starts anew counts from nothing.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        if self.input < before.input || self.output < before.output {
            return self;
        }
        Self {
            input: self.input - before.input,
            output: self.output - before.output,
            cache_read: self.cache_read.saturating_sub(before.cache_read),
            cache_write: self.cache_write.saturating_sub(before.cache_write),
            reasoning: self.reasoning.saturating_sub(before.reasoning),
        }
    }
}

/// The tokens a record tells of.
pub(crate) fn count(record: &Value, places: &TokensAt) -> Tokens {
    let one = |path: &Option<String>| path.as_deref().map_or(0, |path| whole(record, path));
    let includes: u64 = places.input_includes.iter().map(|path| whole(record, path)).sum();
    Tokens {
        input: one(&places.input).saturating_sub(includes),
        output: one(&places.output),
        cache_read: one(&places.cache_read),
        cache_write: one(&places.cache_write),
        reasoning: one(&places.reasoning),
    }
}

fn whole(record: &Value, path: &str) -> u64 {
    at(record, path).into_iter().filter_map(number).map(rounded).sum()
}

/// A whole number from one that may have a fraction.
pub(crate) fn rounded(number: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let whole = number.round() as u64;
    whole
}

/// A number, also as people write it: `1.2k`, `3,400`.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let Some(text) = value.as_str() else { return value.as_f64() };
    let text = text.trim().replace(',', "");
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1e3),
        None => {
            (text.strip_suffix('M').unwrap_or(&text), if text.ends_with('M') { 1e6 } else { 1.0 })
        }
    };
    digits.parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n * factor)
}

impl From<Tokens> for crate::meter::Tokens {
    fn from(tokens: Tokens) -> Self {
        let Tokens { input, output, cache_read, cache_write, reasoning } = tokens;
        Self { input, output, cache_read, cache_write, reasoning }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_as_programs_and_people_write_them() {
        let rows = [
            (json!(7), Some(7.0)),
            (json!("7"), Some(7.0)),
            (json!("1.2k"), Some(1200.0)),
            (json!("3,400"), Some(3400.0)),
            (json!("2M"), Some(2e6)),
            (json!("many"), None),
            (json!("inf"), None),
            (json!(null), None),
        ];
        for (value, wanted) in rows {
            assert_eq!(number(&value), wanted, "{value}");
        }
        assert_eq!(rounded(-1.0), 0);
    }
}
