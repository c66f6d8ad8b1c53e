//! A daemon that came back finds its services again.

use std::sync::Arc;

use super::{
    Actor,
    hear::{ended, outlived},
    slot::Slot,
};
use crate::{
    base::{MarkKind, Name, Refusal, UnitId, unit::State as ShimState, wire::Ask as ShimAsk},
    service::{
        history::{self, Chunk},
        machine::Input,
        model::ServiceId,
        record::ServiceRecord,
    },
    session::Env,
};

/// Longest kept environment that is read.
const ENV: usize = 4 << 20;

impl Actor {
    /// Takes over what runs, tells what ended meanwhile, and goes on with what was begun.
    pub(super) async fn recover(&mut self) -> Result<(), Refusal> {
        for record in self.sessions.ledger().scan::<ServiceRecord>()? {
            self.load_caller(&record.id.workspace);
            self.slots.insert(record.id.clone(), Slot::new(record));
        }
        let now = self.now();
        for (id, slot) in &mut self.slots {
            let chunk = self.sessions.ledger().load::<Chunk>(&history::key(id, now))?;
            if let Some(chunk) = chunk {
                slot.history.resume(chunk, now);
            }
        }
        let ids: Vec<ServiceId> = self.slots.keys().cloned().collect();
        for id in &ids {
            self.find_again(id).await;
            self.dirty.insert(id.clone());
            self.sync_schedule(id);
            self.sync_watch(id);
        }
        self.moved = true;
        self.settle().await;
        Ok(())
    }

    /// What the services of a workspace were last started with.
    fn load_caller(&mut self, workspace: &Name) {
        if self.callers.contains_key(workspace) {
            return;
        }
        let path = self.sessions.home().environment(workspace);
        let text = self.sessions.ports().files.read(&path, ENV).ok().flatten();
        let env: Env = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        self.callers.insert(workspace.clone(), Arc::new(env));
    }

    async fn find_again(&mut self, id: &ServiceId) {
        let shown = self.sessions.unit_of_service(&id.workspace, &id.short());
        // A person may have renamed its session.
        let known = self.slots.get(id).and_then(|slot| slot.unit.clone());
        let known = known.filter(|unit| self.sessions.service_of(unit).is_some());
        let Some(unit) = known.or(shown) else { return self.feed(id, Input::Absent) };
        self.settle_in(id, unit.clone());
        let units = Arc::clone(&self.sessions.ports().units);
        let found = units.found(&unit).await.unwrap_or_default();
        let shim = match found.alive {
            true => units.ask(&unit, ShimAsk::State).await.ok(),
            false => None,
        };
        match shim {
            Some(shim) if shim.exit.is_none() && !shim.held => self.adopt(id, &unit, &shim).await,
            _ => {
                let (known, ran) = self.slots.get(id).map_or((0, false), |slot| {
                    (slot.state.incarnation, slot.state.phase.has_process())
                });
                if let Some(exit) = found.exit.filter(|exit| exit.incarnation >= known) {
                    self.feed(id, Input::Exited(ended(&exit)));
                    let incarnation = exit.incarnation;
                    self.feed(id, Input::Emptied { incarnation });
                } else if ran && !found.alive && outlived(&self.world(), &unit, false).await {
                    let incarnation = known;
                    self.feed(id, Input::Lost { incarnation });
                }
                self.feed(id, Input::Absent);
            }
        }
    }

    async fn adopt(&mut self, id: &ServiceId, unit: &UnitId, shim: &ShimState) {
        let units = Arc::clone(&self.sessions.ports().units);
        let incarnation = shim.claim.incarnation;
        let marks = units.marks(unit, 0, usize::MAX).await.unwrap_or_default();
        let begun = marks.iter().rfind(|mark| matches!(mark.kind, MarkKind::Start(_)));
        if let Some(slot) = self.slots.get_mut(id) {
            slot.log_from = begun.map_or(0, |mark| mark.offset);
            slot.pid = shim.claim.child.map(|child| child.pid);
        }
        if let Some(launch) = self.launch(id)
            && super::work::speaks(&launch)
            && let Err(error) = self.ports.mailbox.open(unit)
        {
            tracing::warn!(%unit, %error, "cannot hear what it says");
        }
        let same = self.slots.get(id).is_some_and(|slot| slot.state.incarnation == incarnation);
        self.feed(id, Input::Adopted { incarnation, preparing: shim.preparing });
        if let Some(slot) = self.slots.get_mut(id).filter(|_| !same) {
            slot.state.started = Some(shim.claim.started);
        }
        // Its state may be what it was: its probes are asked all the same.
        self.sync_probes(id);
        self.adopt_good_answers(id, shim);
    }

    /// What a program says once it will not say again: one that was ready counts as ready.
    fn adopt_good_answers(&mut self, id: &ServiceId, _shim: &ShimState) {
        use crate::service::{
            machine::Answer,
            probe::{Check, Role},
        };
        let Some(slot) = self.slots.get(id) else { return };
        let incarnation = slot.state.incarnation;
        let was_ready = slot.state.ready.is_some();
        let told: Vec<usize> = slot
            .probes()
            .into_iter()
            .enumerate()
            .filter(|(_, (role, p))| *role != Role::Alive && p.check == Check::Notify && was_ready)
            .map(|(check, _)| check)
            .collect();
        for check in told {
            self.feed(id, Input::Answered { incarnation, check, answer: Answer::Good });
        }
    }
}
