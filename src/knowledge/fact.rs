//! What the ledger is told of experts.

use crate::base::{Name, ProposalId};

crate::facts! {
    Proposed = "expert.proposed", "somebody proposes that an expert learns something"
        { proposal: ProposalId, expert: Name, dir: String, who: String, gist: String }
    Accepted = "expert.accepted", "a proposal was accepted, and the file of the expert written"
        { proposal: ProposalId, expert: Name, dir: String, by: String, version: u32 }
    Rejected = "expert.rejected", "a proposal was rejected; the file of the expert is as it was"
        { proposal: ProposalId, expert: Name, dir: String, by: String, why: String }
    Reverted = "expert.reverted", "the file of an expert says again what it said in an older version"
        { expert: Name, dir: String, by: String, to: u32, version: u32 }
    Found = "expert.found", "a text of an expert that gaia did not write was put into its history"
        { expert: Name, dir: String, version: u32, why: String }
}
