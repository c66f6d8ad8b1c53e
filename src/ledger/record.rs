use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use thiserror::Error;

/// A thing that is stored under a key and replaced as a whole: versioned JSON.
pub trait Record: Serialize + DeserializeOwned {
    /// Stable word, e.g. `session`; part of the key.
    const KIND: &'static str;
    /// Shape of the record. Raised when an old reader could misread a new record.
    const VERSION: u16;

    /// Large, and written once: kept apart from the rest. The store rewrites the neighbours of what
    /// changes, a large one each time in full: a journal beside a definition of 1,000 steps wrote
    /// 105 KB for each step, apart from it 2 KB.
    const BULKY: bool = false;

    /// Its key among its kind.
    fn key(&self) -> String;

    /// Lifts a record written by an older gaia to the present shape.
    fn upgrade(version: u16, _old: Value) -> Result<Self, Unreadable> {
        Err(Unreadable { kind: Self::KIND, version })
    }
}

/// A record this build cannot read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a record of kind `{kind}`, version {version}, cannot be read by this gaia")]
pub struct Unreadable {
    /// Kind of the record.
    pub kind: &'static str,
    /// Version found.
    pub version: u16,
}

/// Where a record is stored.
pub(crate) fn key_of<R: Record>(key: &str) -> Vec<u8> {
    let room = if R::BULKY { BULKY } else { RECORDS };
    format!("{room}/{}/{key}", R::KIND).into_bytes()
}

/// Where a record was stored by a gaia that kept nothing apart.
pub(crate) fn old_key_of<R: Record>(key: &str) -> Vec<u8> {
    format!("{RECORDS}/{}/{key}", R::KIND).into_bytes()
}

/// What the keys of records begin with.
pub(super) const RECORDS: &str = "r";
/// What the keys of bulky ones begin with: before those of the entries, of which only the newest
/// change.
pub(super) const BULKY: &str = "b";

/// The shape of a stored record, to be written.
#[derive(Serialize)]
struct Sealed<'a, R> {
    v: u16,
    body: &'a R,
}

/// The same as it is read.
#[derive(Deserialize)]
struct Unsealed<R> {
    #[serde(default)]
    v: u16,
    body: R,
}

/// A record as stored.
pub(crate) fn seal<R: Record>(record: &R) -> Vec<u8> {
    serde_json::to_vec(&Sealed { v: R::VERSION, body: record }).unwrap_or_default()
}

/// Reads a stored record back: at once, if it is of the present shape.
pub(crate) fn open<R: Record>(text: &[u8]) -> Result<R, Unreadable> {
    if let Ok(Unsealed { v, body }) = serde_json::from_slice(text)
        && v == R::VERSION
    {
        return Ok(body);
    }
    let Unsealed { v, body } = serde_json::from_slice::<Unsealed<Value>>(text)
        .map_err(|_| Unreadable { kind: R::KIND, version: 0 })?;
    if v == R::VERSION {
        Err(Unreadable { kind: R::KIND, version: v })
    } else {
        R::upgrade(v, body)
    }
}
