use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Digits of an id: Crockford's base 32, which leaves out the letters people mistake.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The durable name of one pane and its program: `p` and twelve characters, the first nine of
/// them the time in milliseconds, so that ids sort by age.
///
/// It outlives the tmux pane (`%3`), which starts again from 0 in a new tmux server.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct UnitId(String);

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a pane id: they look like p01jd3k5w9x2m")]
pub struct BadId(pub String);

impl UnitId {
    /// The id made at `millis` since the Unix epoch with `random` as its tail (15 bits are used).
    #[must_use]
    pub fn new(millis: u64, random: u16) -> Self {
        let number = (u128::from(millis) << 15) | u128::from(random & 0x7fff);
        let digit = |place: u32| char::from(DIGITS[(number >> (place * 5)) as usize & 31]);
        Self(std::iter::once('p').chain((0..12).rev().map(digit)).collect())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UnitId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let digits = text.strip_prefix('p').map(str::as_bytes).unwrap_or_default();
        let fits = digits.len() == 12 && digits.iter().all(|b| DIGITS.contains(b));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadId(text.to_owned())) }
    }
}

impl TryFrom<String> for UnitId {
    type Error = BadId;
    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<UnitId> for String {
    fn from(id: UnitId) -> Self {
        id.0
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_age_and_read_back() {
        let (older, newer) = (UnitId::new(1_000_000, 0x7fff), UnitId::new(1_000_001, 0));
        assert!(older < newer);
        assert_eq!(older.as_str().parse::<UnitId>().unwrap(), older);
        assert!("p../../etc/pas".parse::<UnitId>().is_err());
    }
}
