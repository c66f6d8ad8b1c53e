//! What the ledger is told of the inbox.

use super::model::{Answer, Item, Kind, State};
use crate::{
    base::{ItemId, Name},
    ledger::Decision,
};

crate::facts! {
    Raised = "inbox.raised", "something waits for a person"
        {
            item: ItemId, kind: Kind, title: String, workspace: Option<Name>,
            agent: Option<String>, task: Option<String>,
        }
    Answered = "inbox.answered", "a person has answered: who, which way and what"
        { item: ItemId, answer: Answer, by: String, via: String }
    Expired = "inbox.expired", "nobody answered in time; `answer` is what is taken for it"
        { item: ItemId, answer: Option<Answer> }
    Withdrawn = "inbox.withdrawn", "an answer is wanted no more" { item: ItemId, why: String }
    Sent = "notice.sent", "a person was told something over a channel"
        { channel: String, item: Option<ItemId>, kind: String, title: String }
    Failed = "notice.failed", "a channel did not take something a person should be told"
        { channel: String, item: Option<ItemId>, kind: String, title: String, error: String }
}

/// Adds what happened to an item to a decision.
pub(super) fn tell(decision: &mut Decision, item: &Item) {
    let id = item.id.clone();
    match item.state.clone() {
        State::Open => decision.fact(&Raised {
            item: id,
            kind: item.kind,
            title: item.title.clone(),
            workspace: item.workspace.clone(),
            agent: item.agent.clone(),
            task: item.task.clone(),
        }),
        State::Answered { answer, by, via, .. } => {
            decision.fact(&Answered { item: id, answer, by, via })
        }
        State::Expired { answer, .. } => decision.fact(&Expired { item: id, answer }),
        State::Withdrawn { why, .. } => decision.fact(&Withdrawn { item: id, why }),
    };
}
