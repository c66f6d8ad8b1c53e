//! Facts of the ledger that fire, and sessions that were opened.

use std::{path::Path, sync::Arc};

use super::{Actor, Key, take::NewFiring};
use crate::{
    base::{Envelope, Refusal},
    ledger::{Decision, Entry},
    trigger::{
        fact::Skipped,
        machine,
        model::{Facts, Source},
        record::{CursorRecord, State},
    },
};

/// Entries after which the position in the ledger is stored though nothing fired.
const FAR: u64 = 256;

impl Actor {
    /// Listens to the ledger, from where it was heard last.
    pub(super) fn listen(&mut self) {
        self.facts = Some(Box::pin(self.ledger.subscribe(self.cursor.0)));
    }

    /// Acts on the entry that is being heard; it stays there if the store does not take it.
    pub(super) async fn hear(&mut self) {
        let Some(entry) = self.hearing.clone() else { return };
        match self.heard(&entry).await {
            Ok(()) => {
                self.cursor.0 = entry.seq;
                self.hearing = None;
            }
            Err(refusal) => {
                tracing::error!(%refusal, "what a fact fires cannot be stored");
                self.troubled = true;
            }
        }
    }

    async fn heard(&mut self, entry: &Arc<Entry>) -> Result<(), Refusal> {
        if entry.kind == "session.planned"
            && let Some(dir) = entry.body["dir"].as_str()
        {
            self.opened(dir, entry.body["name"].as_str().unwrap_or_default()).await;
        }
        let found = self.listeners(entry);
        if !found.is_empty() {
            let fact = entry.envelope();
            for key in found {
                self.told(&key, &fact).await?;
            }
        }
        if entry.seq.saturating_sub(self.cursor.1) >= FAR {
            let mut decision = Decision::new();
            decision.put(&CursorRecord { seq: entry.seq });
            self.commit(decision).await?;
            self.cursor.1 = entry.seq;
        }
        Ok(())
    }

    /// The triggers that wait for facts and have not seen this one.
    fn listeners(&self, entry: &Entry) -> Vec<Key> {
        let mut found = Vec::new();
        for (workspace, space) in &self.spaces {
            for trigger in space.triggers.values() {
                let key = (workspace.clone(), trigger.name.clone());
                let fresh = self.marks.get(&key).is_some_and(|mark| mark.since < entry.seq);
                if fresh
                    && matches!(trigger.source, Source::Fact(_))
                    && self.is_enabled(&key, trigger)
                {
                    found.push(key);
                }
            }
        }
        found
    }

    async fn told(&mut self, key: &Key, fact: &Envelope) -> Result<(), Refusal> {
        let trigger = self.trigger(key)?;
        let Source::Fact(facts) = &trigger.source else { return Ok(()) };
        if !machine::fits(facts, fact) {
            return Ok(());
        }
        let id = format!("fact/{}/{}/{}", key.0, key.1, fact.seq);
        if self.is_own(key, fact) {
            return self.refuse_own(key, facts, (fact, id)).await;
        }
        let known = serde_json::json!({
            "fact": { "kind": fact.kind, "seq": fact.seq, "at": fact.at, "body": fact.body },
        });
        let by = format!("the fact {}", fact.kind);
        let new = NewFiring { entry: Some(fact.seq), ..NewFiring::new(id, by, known) };
        self.fire(key, new).await.map(drop)
    }

    fn is_own(&self, key: &Key, fact: &Envelope) -> bool {
        let mut own = Vec::new();
        for firing in self.of(key) {
            own.push(firing.id.as_str());
            if let State::Running(run) = &firing.state {
                own.push(run);
            }
        }
        machine::is_own(fact, (key.0.as_str(), key.1.as_str()), &own)
    }

    async fn refuse_own(
        &mut self,
        key: &Key,
        facts: &Facts,
        (fact, id): (&Envelope, String),
    ) -> Result<(), Refusal> {
        // Who asks for all facts knows that its own are among them.
        if fact.kind.starts_with("trigger.") && facts.kind.contains('*') {
            return Ok(());
        }
        let mut decision = Decision::new();
        decision.fact(&Skipped {
            workspace: key.0.clone(),
            trigger: key.1.clone(),
            why: format!("its own run brought `{}` about", fact.kind),
            firing: Some(id),
            slot: None,
            count: 1,
        });
        self.commit(decision).await
    }

    /// A session was opened: if its workspace declares triggers, they are looked after.
    async fn opened(&mut self, dir: &str, session: &str) {
        let Ok(declared) = self.handle.declared(Path::new(dir)) else { return };
        let known = self.spaces.contains_key(&declared.workspace);
        let same = declared.workspace.as_str() == session;
        if same
            && (known || !declared.triggers.is_empty())
            && let Err(refusal) = self.enlist(declared).await
        {
            tracing::warn!(%refusal, "the triggers of a workspace are not looked after");
        }
    }
}
