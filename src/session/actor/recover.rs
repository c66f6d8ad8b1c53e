use super::{Actor, close::What};
use crate::{
    base::{Name, Refusal, UnitId},
    session::record::{Life, PaneRecord, Phase, SessionRecord},
};

impl Actor {
    /// Finds again what an earlier daemon left: what runs is taken over, what ended meanwhile is
    /// told with its exit, what was begun is finished.
    pub(super) async fn recover(&mut self) -> Result<(), Refusal> {
        for record in self.ledger.scan::<SessionRecord>()? {
            self.sessions.insert(record.name().clone(), record);
        }
        for record in self.ledger.scan::<PaneRecord>()? {
            self.panes.insert(record.unit.clone(), record);
        }
        let known: Vec<UnitId> = self.panes.keys().cloned().collect();
        for unit in known {
            self.find_again(&unit).await;
        }
        self.pay().await;
        self.sweep_orphans().await;
        if !self.sessions.is_empty() {
            self.see().await;
            self.finish_begun().await;
        }
        self.look().await;
        Ok(())
    }

    async fn find_again(&mut self, unit: &UnitId) {
        let found = self.ports.units.found(unit).await.unwrap_or_default();
        if let Some(exit) = &found.exit {
            self.ended(exit);
        }
        if found.alive {
            if let Err(error) = self.ports.units.connect(unit).await {
                tracing::warn!(%unit, %error, "a shim does not answer");
            } else if let Ok(state) =
                self.ports.units.ask(unit, crate::base::wire::Ask::State).await
            {
                self.runs(state);
            }
            return;
        }
        let Some(record) = self.panes.get_mut(unit) else { return };
        let ended = record.exit.as_ref().is_some_and(|e| e.incarnation >= record.incarnation);
        let life = match record.life {
            Life::Starting | Life::Closed | Life::Lost => return,
            Life::Held | Life::Exited => Life::Closed,
            Life::Running if ended => Life::Closed,
            Life::Running => Life::Lost,
        };
        record.life = life;
        let record = record.clone();
        self.owe_record(&record);
        if life == Life::Lost {
            let PaneRecord { unit, session, pane, .. } = record;
            self.owe(&crate::session::fact::PaneLost { unit, session, pane: pane.name });
        }
    }

    /// Folders of units that were never promised: an earlier daemon died before it stored them.
    async fn sweep_orphans(&mut self) {
        for unit in self.ports.units.all().await.unwrap_or_default() {
            let found = self.ports.units.found(&unit).await.unwrap_or_default();
            let never_ran = found.claim.is_none() && found.exit.is_none();
            if never_ran
                && !self.panes.contains_key(&unit)
                && let Err(error) = self.ports.units.remove(&unit).await
            {
                tracing::warn!(%unit, %error, "an unused folder stays");
            }
        }
    }

    /// Removes the folders of units whose pane is gone for long enough.
    pub(super) async fn sweep(&mut self) {
        self.timer(super::SWEEP, super::Timer::Sweep);
        let keep = self.upkeep.keep_logs;
        for unit in self.ports.units.all().await.unwrap_or_default() {
            let found = self.ports.units.found(&unit).await.unwrap_or_default();
            let ended = found.exit.map_or(self.now(), |exit| exit.at);
            let old = !keep.is_zero() && self.now().since(ended) > keep;
            if old && !found.alive && !self.panes.contains_key(&unit) {
                let _ = self.ports.units.remove(&unit).await;
            }
        }
    }

    async fn finish_begun(&mut self) {
        let begun: Vec<(Name, Phase)> =
            self.sessions.iter().map(|(name, record)| (name.clone(), record.phase)).collect();
        for (name, phase) in begun {
            match phase {
                Phase::Open => (),
                Phase::Closing => self.close(What::Session(name), None).await,
                Phase::Opening => {
                    let Some(record) = self.sessions.get(&name).cloned() else { continue };
                    if let Err(refusal) = self.pursue(&record).await {
                        tracing::error!(%name, %refusal, "cannot be finished");
                    }
                }
            }
        }
    }
}
