//! A daemon that came back: what was fired is started, what was missed is decided about.

use super::{Actor, Key, take::NewFiring};
use crate::{
    base::Refusal,
    ledger::Decision,
    trigger::{
        model::Source,
        record::{CursorRecord, FiringRecord, TriggerRecord, WorkspaceRecord},
    },
};

impl Actor {
    pub(super) async fn recover(&mut self) -> Result<(), Refusal> {
        for mark in self.ledger.scan::<TriggerRecord>()? {
            self.marks.insert((mark.workspace.clone(), mark.name.clone()), mark);
        }
        for firing in self.ledger.scan::<FiringRecord>()? {
            self.firings.insert(firing.id.clone(), firing);
        }
        let cursor = match self.ledger.load::<CursorRecord>("ledger")? {
            Some(cursor) => cursor.seq,
            None => {
                // From here on nothing is missed, whatever happens before the first firing.
                let seq = self.ledger.last()?;
                let mut decision = Decision::new();
                decision.put(&CursorRecord { seq });
                self.commit(decision).await?;
                seq
            }
        };
        self.cursor = (cursor, cursor);
        for record in self.ledger.scan::<WorkspaceRecord>()? {
            match self.handle.declared(&record.dir) {
                Ok(declared)
                    if declared.workspace == record.workspace && declared.dir == record.dir =>
                {
                    self.enlist(declared).await?;
                }
                Ok(_) => self.unread(record, "its folder is another workspace now".to_owned()),
                Err(refusal) => self.unread(record, refusal.message),
            }
        }
        self.go_on().await?;
        self.begin().await?;
        self.tick().await;
        self.listen();
        Ok(())
    }

    /// What was handed over is handed over again, by the same id; what waited may have its turn.
    async fn go_on(&mut self) -> Result<(), Refusal> {
        let running: Vec<String> = self
            .firings
            .values()
            .filter(|firing| firing.state.is_running())
            .map(|firing| firing.id.clone())
            .collect();
        running.iter().for_each(|id| self.hand(id));
        for key in self.marks.keys().cloned().collect::<Vec<Key>>() {
            self.advance(&key).await?;
        }
        Ok(())
    }

    /// Fires what fires when a daemon or a machine starts.
    async fn begin(&mut self) -> Result<(), Refusal> {
        let (now, boot) = (self.ports.clock.now(), self.boot());
        for key in self.marks.keys().cloned().collect::<Vec<Key>>() {
            let Ok(trigger) = self.trigger(&key) else { continue };
            let Some(mut mark) = self.marks.get(&key).cloned() else { continue };
            let id = match &trigger.source {
                Source::Boot if mark.boot != boot => {
                    mark.boot.clone_from(&boot);
                    format!("boot-{}", boot.as_deref().unwrap_or("unknown"))
                }
                Source::DaemonStart => now.0.to_string(),
                Source::Boot
                | Source::Time { .. }
                | Source::Files(_)
                | Source::Webhook(_)
                | Source::Fact(_) => continue,
            };
            if self.is_enabled(&key, &trigger) {
                let id = format!("start/{}/{}/{id}", key.0, key.1);
                let by = trigger.source.show();
                self.take(&key, NewFiring::new(id, by, serde_json::json!({})), mark).await?;
            }
        }
        Ok(())
    }
}
