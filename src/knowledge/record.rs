//! What is stored: proposals, versions of files, and what was about to be written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{learn::Proposal, model::Fate};
use crate::{
    base::{Moment, Name, ProposalId},
    ledger::Record,
};

/// The digest of a text.
pub(super) fn digest(text: &[u8]) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An expert of a workspace: the beginning of the keys of its records.
pub(super) fn place(dir: &std::path::Path, name: &Name) -> String {
    format!("{}/{name}", &digest(dir.as_os_str().as_encoded_bytes())[..16])
}

/// Something that an expert should learn, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProposalRecord {
    pub(super) id: ProposalId,
    /// The workspace.
    pub(super) dir: PathBuf,
    pub(super) name: Name,
    pub(super) who: String,
    /// Whoever proposes again with the same key means this one.
    pub(super) key: Option<String>,
    pub(super) proposal: Proposal,
    /// Digest of the text it was made from; none if there was no such expert.
    pub(super) base: Option<String>,
    pub(super) gist: String,
    pub(super) diff: String,
    /// A person has said yes at once.
    pub(super) yes: Option<String>,
    pub(super) made: Moment,
    pub(super) fate: Fate,
}

impl Record for ProposalRecord {
    const KIND: &'static str = "expert-proposal";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// The text of an expert as it once was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VersionRecord {
    pub(super) dir: PathBuf,
    pub(super) name: Name,
    /// Counted from 1.
    pub(super) version: u32,
    pub(super) text: String,
    pub(super) by: String,
    /// How it came about.
    pub(super) why: String,
    pub(super) at: Moment,
}

impl Record for VersionRecord {
    const KIND: &'static str = "expert-version";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        format!("{}/{:06}", place(&self.dir, &self.name), self.version)
    }
}

/// Why a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Cause {
    /// A proposal was accepted.
    Accept(ProposalId),
    /// An older version is wanted back.
    Revert(u32),
}

/// A file that is about to be written. While it is stored, nobody knows whether it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IntentRecord {
    pub(super) cause: Cause,
    /// What the file will say, and who wants it.
    pub(super) next: VersionRecord,
}

impl Record for IntentRecord {
    const KIND: &'static str = "expert-intent";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        place(&self.next.dir, &self.next.name)
    }
}
