//! One input through the machine, and what follows.

use std::{sync::Arc, time::Duration};

use super::{Actor, Report, Timer, slot::task};
use crate::{
    base::{Fact, Refusal},
    ledger::{Decision, Record},
    service::{
        condition::{Edge, Other, conditions, edge},
        fact,
        history::{self, Chunk},
        machine::{Cause, Conditions, Desired, Effect, Input, Now, Phase, Told, decide},
        model::{After, Condition, OnRestart, ServiceId},
        record::ServiceRecord,
        view::View,
    },
};

/// Pause before what is owed to a store that refused it (a full disk) is offered again.
const OWED_PAUSE: Duration = Duration::from_secs(1);

impl Actor {
    /// Asks the machine of a service what an input means; effects wait for [`Actor::settle`].
    pub(super) fn feed(&mut self, id: &ServiceId, input: Input) {
        let now = Now { at: self.now(), dice: self.sessions.ports().random.word() };
        let Some(slot) = self.slots.get_mut(id) else { return };
        let step = decide(&slot.rules, &slot.state, input, now);
        let before = std::mem::replace(&mut slot.state, step.state);
        let changed = before != slot.state;
        let moved = before.phase != slot.state.phase || before.health != slot.state.health;
        let life = before.incarnation != slot.state.incarnation;
        if life {
            slot.forget_answers();
            slot.said.clear();
            slot.listening.clear();
        }
        if !slot.state.phase.has_process() {
            slot.pid = None;
        }
        if slot.state.phase != Phase::Running {
            slot.hooks = None;
        }
        let told = (slot.state.incarnation, slot.state.attempt, slot.pid);
        let incarnation = slot.state.incarnation;
        for one in &step.told {
            fact::tell(&mut self.owed, id, told, one.clone());
        }
        // Counters of probes alone are not worth a write: a daemon that comes back asks anew.
        let wanted = before.desired != slot.state.desired;
        if moved || life || wanted || !step.told.is_empty() {
            self.owed.put(&slot.record());
        }
        if changed {
            self.dirty.insert(id.clone());
        }
        self.moved |= moved || life;
        self.effects.extend(step.effects.into_iter().map(|effect| (id.clone(), effect)));
        self.tell_dependents(id, &step.told, incarnation);
        if moved || life {
            self.sync_probes(id);
            self.sync_schedule(id);
            self.sync_watch(id);
        }
    }

    /// What a start or an end means for those that depend on it.
    fn tell_dependents(&mut self, id: &ServiceId, told: &[Told], incarnation: u32) {
        let again = incarnation > 1 && told.contains(&Told::Started);
        let ended = told.iter().any(|one| matches!(one, Told::Exited(_)));
        if !again && !ended {
            return;
        }
        let concerns = |after: &After| {
            let due = match after.on_restart {
                OnRestart::None => false,
                OnRestart::Restart => again,
                OnRestart::Stop => ended,
            };
            due && after.service == id.name
        };
        let dependents: Vec<ServiceId> = self
            .slots
            .values()
            .filter(|slot| slot.id.workspace == id.workspace)
            .filter(|slot| slot.service.after.iter().any(concerns))
            .map(|slot| slot.id.clone())
            .collect();
        for dependent in dependents {
            self.feed(&dependent, Input::Restart(Cause::Dependency));
        }
    }

    /// Ends a turn: conditions are looked at, the turn is stored, effects are carried out, and
    /// everyone sees the new picture.
    pub(super) async fn settle(&mut self) {
        loop {
            if std::mem::take(&mut self.moved) {
                self.look_at_conditions();
            }
            let _ = self.store().await;
            let effects = std::mem::take(&mut self.effects);
            if effects.is_empty() && !self.moved {
                break;
            }
            for (id, effect) in effects {
                self.act(&id, effect);
            }
        }
        self.drop_retired().await;
        self.publish();
    }

    /// Says to every service that waits whether its conditions hold now.
    fn look_at_conditions(&mut self) {
        let waiting: Vec<ServiceId> = self
            .slots
            .values()
            .filter(|slot| matches!(slot.state.phase, Phase::Waiting(_) | Phase::Blocked(_)))
            .map(|slot| slot.id.clone())
            .collect();
        for id in waiting {
            let conditions = self.conditions(&id);
            self.feed(&id, Input::Conditions(conditions));
        }
    }

    fn conditions(&mut self, id: &ServiceId) -> Conditions {
        let now = self.now();
        let Some(slot) = self.slots.get(id) else { return Conditions::Met };
        let afters = slot.service.after.clone();
        let mut left: Option<u64> = None;
        let mut missing = Vec::new();
        let edges: Vec<(&After, Vec<Edge>)> = afters
            .iter()
            .map(|after| {
                let others = self.slots.values().filter(|other| {
                    other.id.workspace == id.workspace && other.id.name == after.service
                });
                let all: Vec<Edge> = others
                    .map(|other| {
                        let said = |line: &str| other.said.contains(line);
                        let found = Other {
                            name: other.id.short(),
                            service: &other.service,
                            state: &other.state,
                            said: &said,
                        };
                        edge(after, &found, now)
                    })
                    .collect();
                if all.is_empty() {
                    missing.push(after.service.to_string());
                    let what = format!("{} to be added", after.service);
                    return (after, vec![Edge::Unmet(what, None)]);
                }
                let soonest = all.iter().filter_map(|edge| match edge {
                    Edge::Unmet(_, Some(ms)) => Some(*ms),
                    Edge::Holds | Edge::Unmet(_, None) | Edge::Blocked(_) => None,
                });
                left = soonest.chain(left).min();
                (after, all)
            })
            .collect();
        let outcome = conditions(&edges);
        if outcome == Conditions::Met {
            for (after, all) in &edges {
                if !after.required && all.iter().any(|edge| *edge != Edge::Holds) {
                    let what = format!("started without {}, which is optional", after.service);
                    self.owed.fact(&fact::ServiceNoted { service: id.clone(), what });
                }
            }
        }
        drop(edges);
        if let Some(ms) = left {
            self.timer_once(Duration::from_millis(ms), Timer::Look);
        }
        for after in &afters {
            if let Condition::Log(line) = &after.condition {
                self.listen_for(id, &after.service, line);
            }
        }
        outcome
    }

    /// Follows the output of what a service waits for, until the line comes.
    fn listen_for(&mut self, id: &ServiceId, other: &crate::base::Name, line: &str) {
        let found: Vec<ServiceId> = self
            .slots
            .keys()
            .filter(|k| k.workspace == id.workspace && k.name == *other)
            .cloned()
            .collect();
        for other in found {
            let reports = self.reports.clone();
            let units = Arc::clone(&self.sessions.ports().units);
            let Some(slot) = self.slots.get_mut(&other) else { continue };
            let up =
                matches!(slot.state.phase, Phase::Starting | Phase::Running | Phase::Completed(_));
            let listens = slot.listening.contains_key(line);
            let (Some(unit), true) = (slot.unit.clone(), up && !listens) else { continue };
            let (from, incarnation) = (slot.log_from, slot.state.incarnation);
            let (said, pattern) = (line.to_owned(), regex::Regex::new(line));
            let Ok(pattern) = pattern else { continue };
            let listener = task(async move {
                if super::ask::heard(&*units, &unit, from, &pattern).await {
                    let _ = reports.send(Report::Said { id: other, incarnation, line: said });
                }
            });
            slot.listening.insert(line.to_owned(), listener);
        }
    }

    /// Remembers a fact to store.
    pub(super) fn owe<F: Fact>(&mut self, fact: &F) {
        self.owed.fact(fact);
    }

    /// Remembers a record to store.
    pub(super) fn owe_record<R: Record>(&mut self, record: &R) {
        self.owed.put(record);
    }

    /// Stores what is owed; if the store refuses, it stays owed and is offered again, and services
    /// are kept going all the same.
    pub(super) async fn store(&mut self) -> Result<(), Refusal> {
        if self.owed.is_empty() {
            return Ok(());
        }
        match self.sessions.ledger().commit(self.owed.clone()).await {
            Ok(_) => {
                self.owed = Decision::new();
                Ok(())
            }
            Err(refusal) => {
                tracing::error!(%refusal, "facts wait for the store");
                self.timer_once(OWED_PAUSE, Timer::Owed);
                Err(refusal)
            }
        }
    }

    /// Services that were taken out are forgotten once nothing of them runs.
    async fn drop_retired(&mut self) {
        let gone: Vec<ServiceId> = self
            .slots
            .values()
            .filter(|slot| slot.retiring && !slot.state.phase.has_process())
            .map(|slot| slot.id.clone())
            .collect();
        for id in &gone {
            // One that comes back under this name counts anew, and would be rung by these.
            let own =
                |timer: &Timer| matches!(timer, Timer::Machine(of, _) | Timer::Due(of) if of == id);
            self.timers.retain(|(_, timer)| !own(timer));
            if let Some(slot) = self.slots.remove(id)
                && let Some(unit) = slot.unit
            {
                self.ports.mailbox.close(&unit);
                self.units.remove(&unit);
            }
            self.owed.delete::<ServiceRecord>(&id.to_string());
            for key in history::keys(id) {
                self.owed.delete::<Chunk>(&key);
            }
            self.owe(&fact::ServiceRemoved { service: id.clone() });
            self.dirty.insert(id.clone());
        }
        if gone.is_empty() {
            return;
        }
        let _ = self.store().await;
        for id in gone {
            // The last one of a workspace takes along what its services were started with.
            if !self.slots.keys().any(|other| other.workspace == id.workspace) {
                self.callers.remove(&id.workspace);
                let path = self.sessions.home().environment(&id.workspace);
                self.sessions.ports().files.forget(&path);
            }
        }
    }

    /// Takes a service out: it is stopped, then forgotten.
    pub(super) fn retire(&mut self, id: &ServiceId) {
        let Some(slot) = self.slots.get_mut(id) else { return };
        slot.retiring = true;
        if slot.state.desired != Desired::Down || slot.state.phase.has_process() {
            self.feed(id, Input::Stop { by: crate::service::machine::By::Operator });
        }
    }

    /// Shows everyone the present picture.
    pub(super) fn publish(&mut self) {
        if self.dirty.is_empty() {
            return;
        }
        let mut services = self.view.borrow().services.clone();
        for id in std::mem::take(&mut self.dirty) {
            match self.slots.get(&id) {
                Some(slot) => drop(services.insert(id, Arc::new(slot.view()))),
                None => drop(services.remove(&id)),
            }
        }
        self.view.send_replace(Arc::new(View { services }));
    }

    fn act(&mut self, id: &ServiceId, effect: Effect) {
        match effect {
            Effect::Check => self.moved = true,
            Effect::Prepare => self.prepare(id),
            Effect::Spawn => self.spawn(id),
            Effect::Stop { kill } => self.stop(id, kill),
            Effect::Sweep => self.sweep(id),
            Effect::Wake(timer, ms) => {
                self.timer(Duration::from_millis(ms), Timer::Machine(id.clone(), timer));
            }
            Effect::Up => self.run_hooks(id),
            Effect::Evidence => self.gather_evidence(id),
        }
    }
}
