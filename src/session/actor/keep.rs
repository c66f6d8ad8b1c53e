use std::{sync::Arc, time::Duration};

use super::{Actor, Timer};
use crate::{
    base::{Fact, Refusal},
    ledger::{Decision, Record},
    session::view::{Facts, View},
};

/// Pause before what is owed to a store that refused it (a full disk) is offered again.
const OWED_PAUSE: Duration = Duration::from_secs(1);

impl Actor {
    /// Stores a decision together with what is owed, or nothing of it.
    pub(super) async fn store(&mut self, decision: Decision) -> Result<(), Refusal> {
        let mut all = self.owed.clone();
        all.append(decision);
        if all.is_empty() {
            return Ok(());
        }
        self.ledger.commit(all).await?;
        self.owed = Decision::new();
        Ok(())
    }

    /// Remembers a fact to store.
    pub(super) fn owe<F: Fact>(&mut self, fact: &F) {
        self.owed.fact(fact);
    }

    /// Remembers a record to store.
    pub(super) fn owe_record<R: Record>(&mut self, record: &R) {
        self.owed.put(record);
    }

    /// Stores what is owed; if the store refuses, it stays owed and is offered again.
    pub(super) async fn pay(&mut self) {
        if let Err(refusal) = self.store(Decision::new()).await {
            tracing::error!(%refusal, "facts wait for the store");
            self.timer_once(OWED_PAUSE, Timer::Owed);
        }
    }

    /// Shows everyone the present picture.
    pub(super) fn publish(&self) {
        let facts = Facts {
            sessions: self.sessions.values().collect(),
            panes: &self.panes,
            shims: &self.shims,
            seen: &self.seen,
        };
        self.view.send_replace(Arc::new(View::of(&facts)));
    }
}
