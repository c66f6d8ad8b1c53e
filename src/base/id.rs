use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Digits of an id: Crockford's base 32, which leaves out the letters people mistake.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not the id of {of}: they look like {letter}01jd3k5w9x2m")]
pub struct BadId {
    /// What was given.
    pub text: String,
    /// What such an id is the id of.
    pub of: &'static str,
    /// Letter that such ids begin with.
    pub letter: char,
}

/// A letter and twelve digits: nine for the milliseconds, so that ids sort by age, three by chance.
fn make(letter: char, millis: u64, random: u16) -> String {
    let number = (u128::from(millis) << 15) | u128::from(random & 0x7fff);
    let digit = |place: u32| char::from(DIGITS[(number >> (place * 5)) as usize & 31]);
    std::iter::once(letter).chain((0..12).rev().map(digit)).collect()
}

fn fits(letter: char, text: &str) -> bool {
    let digits = text.strip_prefix(letter).map(str::as_bytes).unwrap_or_default();
    digits.len() == 12 && digits.iter().all(|b| DIGITS.contains(b))
}

/// Declares a kind of id by its letter.
macro_rules! id {
    ($(#[$about:meta])* $name:ident, $letter:literal, $of:literal) => {
        $(#[$about])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $name(String);

        impl $name {
            /// The id made at `millis` since the Unix epoch with `random` as its tail (15 bits are
            /// used).
            #[must_use]
            pub fn new(millis: u64, random: u16) -> Self {
                Self(make($letter, millis, random))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = || BadId { text: text.to_owned(), of: $of, letter: $letter };
                fits($letter, text).then(|| Self(text.to_owned())).ok_or_else(bad)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id! {
    /// The durable name of one pane and its program: `p` and twelve characters, the first nine of
    /// them the time in milliseconds, so that ids sort by age.
    ///
    /// It outlives the tmux pane (`%3`), which starts again from 0 in a new tmux server.
    UnitId, 'p', "a pane"
}

id! {
    /// The name of an item of the inbox: `q` and twelve characters, older ones first.
    ItemId, 'q', "an item of the inbox"
}

id! {
    /// The name of a run of a workflow: `r` and twelve characters, older ones first.
    RunId, 'r', "a run"
}

id! {
    /// The name of something an expert should learn: `x` and twelve characters, older ones first.
    ProposalId, 'x', "a proposal"
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

    #[test]
    fn one_kind_of_id_is_not_taken_for_another() {
        let (pane, item) = (UnitId::new(5, 7), ItemId::new(5, 7));
        assert_eq!(pane.as_str()[1..], item.as_str()[1..]);
        assert!(pane.as_str().parse::<ItemId>().is_err());
        let said = item.as_str().parse::<UnitId>().unwrap_err().to_string();
        assert!(said.ends_with("is not the id of a pane: they look like p01jd3k5w9x2m"), "{said}");
    }
}
