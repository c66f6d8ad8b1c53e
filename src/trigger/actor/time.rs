//! Slots that are due.

use super::{Actor, Key, handle::iso, take::NewFiring};
use crate::{
    base::{Moment, Refusal},
    ledger::Decision,
    trigger::{
        cron::{Due, due},
        fact::{ClockSetBack, Skipped},
        machine::{self, Clock},
        model::Source,
    },
};

impl Actor {
    /// The next moment at which something is due by the clock.
    pub(super) fn next_due(&self) -> Option<Moment> {
        self.by_clock().iter().filter_map(|key| self.next_of(key)).min()
    }

    /// When a trigger fires next by the clock.
    pub(super) fn next_of(&self, key: &Key) -> Option<Moment> {
        let trigger = self.trigger(key).ok()?;
        let Source::Time { table, .. } = &trigger.source else { return None };
        self.is_enabled(key, &trigger).then(|| table.next(self.marks.get(key)?.watermark))?
    }

    fn by_clock(&self) -> Vec<Key> {
        let all = self.spaces.iter().flat_map(|(workspace, space)| {
            let timed = space.triggers.values().filter(|one| one.source.kind() == "time");
            timed.map(|trigger| (workspace.clone(), trigger.name.clone()))
        });
        all.collect()
    }

    /// Acts on every slot whose time has come.
    pub(super) async fn tick(&mut self) {
        self.look_at_clock().await;
        for key in self.by_clock() {
            if let Err(refusal) = self.settle_due(&key).await {
                tracing::error!(%refusal, trigger = %key.1, "what is due cannot be stored");
                self.troubled = true;
            }
        }
    }

    async fn settle_due(&mut self, key: &Key) -> Result<(), Refusal> {
        let trigger = self.trigger(key)?;
        let Source::Time { table, misfire, .. } = &trigger.source else { return Ok(()) };
        let Some(mark) = self.marks.get(key).filter(|_| self.is_enabled(key, &trigger)) else {
            return Ok(());
        };
        let Due { run, why, skipped, watermark } =
            due(table, *misfire, mark.watermark, self.ports.clock.now());
        for (slot, missed) in run {
            let known = serde_json::json!({
                "scheduled_at": iso(slot.at),
                "missed_count": missed,
            });
            let id = format!("sched/{}/{}/{}", key.0, key.1, iso(slot.at));
            let slot = (slot.at, missed);
            let new =
                NewFiring { slot: Some(slot), ..NewFiring::new(id, "the clock".to_owned(), known) };
            let Some(mut mark) = self.marks.get(key).cloned() else { return Ok(()) };
            mark.watermark = slot.0;
            self.take(key, new, mark).await?;
        }
        let Some(mut mark) = self.marks.get(key).cloned() else { return Ok(()) };
        let mut draft = super::take::Draft::new(mark.clone());
        if let Some((slot, why)) = why {
            draft.decision.fact(&Skipped {
                workspace: key.0.clone(),
                trigger: key.1.clone(),
                why: why.to_owned(),
                firing: None,
                slot: Some(slot.at),
                count: skipped,
            });
        }
        mark.watermark = mark.watermark.max(watermark);
        draft.mark = mark;
        self.settle(key, draft).await
    }

    /// Compares the clock on the wall with the one that only counts. Slots are kept right by the
    /// watermark in any case; a person is told why nothing fires.
    async fn look_at_clock(&mut self) {
        let now = (self.ports.clock.now(), self.ports.clock.uptime());
        let passed = now.1.saturating_sub(self.seen.1);
        match machine::clock((self.seen.0, now.0), passed) {
            Clock::Steady => {}
            Clock::Forward(by) => {
                tracing::info!(seconds = by.as_secs(), "the clock went forward, or we slept");
            }
            Clock::Back(by) => {
                tracing::warn!(seconds = by.as_secs(), "the clock was set back");
                if by >= machine::FAR {
                    let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
                    let mut decision = Decision::new();
                    decision.fact(&ClockSetBack { by_ms });
                    self.troubled |= self.commit(decision).await.is_err();
                }
            }
        }
        self.seen = now;
    }
}
