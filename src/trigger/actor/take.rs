//! One firing: stored with what it settles, then started.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{
    Actor, Ask, Key,
    handle::{Taken, iso},
};
use crate::{
    base::{Code, Moment, Refusal},
    ledger::Decision,
    trigger::{
        fact::{Failed, Fired, Skipped},
        fill,
        machine::{Place, place, within},
        model::{Firing, Trigger},
        record::{CursorRecord, FiringRecord, Outcome, State, TriggerRecord},
    },
};

/// Something that wants to fire.
#[derive(Debug, Clone)]
pub(crate) struct NewFiring {
    pub(crate) id: String,
    /// Who or what brought it about, for people.
    pub(crate) by: String,
    /// What is known of it.
    pub(crate) known: Value,
    /// Inputs that a person gave.
    pub(crate) given: Map<String, Value>,
    /// A person asks: neither a limit nor a switch holds it back.
    pub(crate) manual: bool,
    /// The slot it is for, and how many were missed before it.
    pub(crate) slot: Option<(Moment, u64)>,
    /// The entry of the ledger it is for.
    pub(crate) entry: Option<u64>,
}

impl NewFiring {
    pub(crate) fn new(id: String, by: String, known: Value) -> Self {
        let given = Map::new();
        Self { id, by, known, given, manual: false, slot: None, entry: None }
    }
}

/// One decision while it is put together.
pub(super) struct Draft {
    pub(super) decision: Decision,
    pub(super) mark: TriggerRecord,
    pub(super) firings: Vec<FiringRecord>,
}

impl Draft {
    pub(super) fn new(mark: TriggerRecord) -> Self {
        Self { decision: Decision::new(), mark, firings: vec![] }
    }
}

impl Actor {
    /// The trigger as it is declared now.
    pub(super) fn trigger(&self, key: &Key) -> Result<Arc<Trigger>, Refusal> {
        let found = self.spaces.get(&key.0).and_then(|space| space.triggers.get(&key.1));
        found.cloned().ok_or_else(|| {
            let message = format!("there is no trigger `{}` in {}", key.1, key.0);
            let known = self.spaces.get(&key.0).map(|space| space.triggers.keys());
            let known: Vec<&str> =
                known.into_iter().flatten().map(crate::base::Name::as_str).collect();
            let near = crate::base::nearest(key.1.as_str(), known.iter().copied());
            Refusal::new(Code::NotFound, message).help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`gaia trigger list` shows them".to_owned(),
            })
        })
    }

    /// Whether a trigger fires by itself.
    pub(super) fn is_enabled(&self, key: &Key, trigger: &Trigger) -> bool {
        let said = self.marks.get(key).and_then(|mark| mark.enabled);
        said.unwrap_or(trigger.enabled)
    }

    /// Takes something that wants to fire, with the record as it is.
    pub(super) async fn fire(&mut self, key: &Key, new: NewFiring) -> Result<Taken, Refusal> {
        let trigger = self.trigger(key)?;
        if !new.manual && !self.is_enabled(key, &trigger) {
            let message = format!("the trigger `{}` is disabled", key.1);
            let help = format!("gaia trigger enable {}", key.1);
            return Err(Refusal::new(Code::Failed, message).help(help));
        }
        let mark = self.marks.get(key).cloned();
        let mark = mark.ok_or_else(|| Refusal::broken("a trigger without a record"))?;
        self.take(key, new, mark).await
    }

    /// Takes something that wants to fire; `mark` is the record of its trigger once it is settled.
    pub(super) async fn take(
        &mut self,
        key: &Key,
        new: NewFiring,
        mark: TriggerRecord,
    ) -> Result<Taken, Refusal> {
        let trigger = self.trigger(key)?;
        let mut draft = Draft::new(mark);
        if let Some(entry) = new.entry {
            draft.decision.put(&CursorRecord { seq: entry.saturating_sub(1) });
        }
        if self.firings.contains_key(&new.id) {
            self.settle(key, draft).await?;
            return Ok(Taken::Known);
        }
        let now = self.ports.clock.now();
        if let Some(limit) = trigger.limit.filter(|_| !new.manual)
            && !within(limit, &mut draft.mark.recent, now)
        {
            let (most, span) = (limit.most, limit.span.as_secs());
            return self.skip(key, draft, &new, format!("more than {most} within {span} s")).await;
        }
        let record = FiringRecord {
            id: new.id.clone(),
            workspace: key.0.clone(),
            trigger: key.1.clone(),
            at: now,
            known: whole(&new, key, now),
            given: new.given.clone(),
            state: State::Waiting,
            firing: None,
        };
        let (running, waiting) = self.busy(key);
        match place(trigger.overlap, running.len(), waiting.len()) {
            Place::Skip(why) => self.skip(key, draft, &new, why.to_owned()).await,
            Place::Start => self.put(key, draft, &new, (record, true)).await,
            Place::Wait => self.put(key, draft, &new, (record, false)).await,
            Place::Replace => {
                let record = self.replace(&mut draft, record, &waiting);
                self.put(key, draft, &new, (record, false)).await
            }
            Place::Cancel => {
                let record = self.replace(&mut draft, record, &waiting);
                let taken = self.put(key, draft, &new, (record, false)).await?;
                running.into_iter().for_each(|id| self.cancel(id));
                Ok(taken)
            }
        }
    }

    /// Ids of the firings that run and that wait, oldest first.
    pub(super) fn busy(&self, key: &Key) -> (Vec<String>, Vec<String>) {
        let mut of: Vec<&FiringRecord> = self.of(key).collect();
        of.sort_by_key(|firing| firing.at);
        let ids = |wanted: fn(&State) -> bool| {
            let fits = of.iter().filter(|firing| wanted(&firing.state));
            fits.map(|firing| firing.id.clone()).collect()
        };
        (ids(State::is_running), ids(|state| *state == State::Waiting))
    }

    /// Firings of a trigger.
    pub(super) fn of(&self, key: &Key) -> impl Iterator<Item = &FiringRecord> {
        let (workspace, name) = (&key.0, &key.1);
        let fits = move |one: &&FiringRecord| one.workspace == *workspace && one.trigger == *name;
        self.firings.values().filter(fits)
    }

    /// Leaves out what waits; files that it was about are those of the new one as well.
    fn replace(
        &self,
        draft: &mut Draft,
        mut record: FiringRecord,
        waiting: &[String],
    ) -> FiringRecord {
        for id in waiting {
            let Some(mut old) = self.firings.get(id).cloned() else { continue };
            if let (Some(new), Some(Value::Array(more))) =
                (record.known["files"].as_array_mut(), old.known.get("files"))
            {
                let missing: Vec<Value> =
                    more.iter().filter(|file| !new.contains(file)).cloned().collect();
                new.extend(missing);
            }
            let why = "a later one took its place".to_owned();
            draft.decision.fact(&Skipped {
                workspace: old.workspace.clone(),
                trigger: old.trigger.clone(),
                why: why.clone(),
                firing: Some(old.id.clone()),
                slot: None,
                count: 1,
            });
            old.state = State::Over(Outcome::Skipped(why));
            draft.firings.push(old);
        }
        record
    }

    async fn skip(
        &mut self,
        key: &Key,
        mut draft: Draft,
        new: &NewFiring,
        why: String,
    ) -> Result<Taken, Refusal> {
        draft.decision.fact(&Skipped {
            workspace: key.0.clone(),
            trigger: key.1.clone(),
            why: why.clone(),
            firing: Some(new.id.clone()),
            slot: new.slot.map(|(slot, _)| slot),
            count: 1,
        });
        self.settle(key, draft).await?;
        Ok(Taken::Skipped(why))
    }

    async fn put(
        &mut self,
        key: &Key,
        mut draft: Draft,
        new: &NewFiring,
        (mut record, starts): (FiringRecord, bool),
    ) -> Result<Taken, Refusal> {
        match self.filled(key, &record) {
            Ok(firing) => record.firing = Some(firing),
            Err(why) if new.manual => {
                let help = "give it, e.g. `gaia trigger fire NAME input=value`";
                return Err(Refusal::new(Code::Invalid, why).help(help));
            }
            Err(why) => {
                let (workspace, trigger) = (key.0.clone(), key.1.clone());
                let firing = record.id.clone();
                record.state = State::Over(Outcome::Failed(why.clone()));
                draft.mark.failures += 1;
                draft.decision.fact(&Failed { workspace, trigger, firing, why: why.clone() });
                draft.firings.push(record);
                self.settle(key, draft).await?;
                return Ok(Taken::Skipped(why));
            }
        }
        if starts {
            record.state = State::Handed;
        }
        draft.mark.fired += 1;
        draft.decision.fact(&Fired {
            workspace: key.0.clone(),
            trigger: key.1.clone(),
            firing: record.id.clone(),
            by: new.by.clone(),
            slot: new.slot.map(|(slot, _)| slot),
            missed: new.slot.map_or(0, |(_, missed)| missed),
            waits: !starts,
        });
        draft.firings.push(record);
        self.settle(key, draft).await?;
        if starts {
            self.hand(&new.id);
            return Ok(Taken::Started);
        }
        Ok(Taken::Waits)
    }

    /// What a firing starts, by the definition as it is now.
    pub(super) fn filled(&self, key: &Key, record: &FiringRecord) -> Result<Firing, String> {
        let trigger = self.trigger(key).map_err(|refusal| refusal.message)?;
        let (what, env) = fill::what(&trigger, &record.known, &record.given)?;
        let dir = self.spaces.get(&key.0).map(|space| space.dir.clone()).unwrap_or_default();
        let (id, workspace, trigger) = (record.id.clone(), key.0.clone(), key.1.clone());
        Ok(Firing { id, workspace, dir, trigger, what, env })
    }

    /// Stores a draft; then its records are those in memory.
    pub(super) async fn settle(&mut self, key: &Key, mut draft: Draft) -> Result<(), Refusal> {
        if self.marks.get(key) != Some(&draft.mark) {
            draft.decision.put(&draft.mark);
        }
        for firing in &draft.firings {
            draft.decision.put(firing);
        }
        let old = if draft.firings.is_empty() { vec![] } else { self.excess(key) };
        for id in &old {
            draft.decision.delete::<FiringRecord>(&format!("{}/{}/{id}", key.0, key.1));
        }
        self.commit(draft.decision).await?;
        for id in old {
            self.firings.remove(&id);
        }
        self.marks.insert(key.clone(), draft.mark);
        for firing in draft.firings {
            self.firings.insert(firing.id.clone(), firing);
        }
        Ok(())
    }

    /// The oldest firings that are over, if they are too many.
    fn excess(&self, key: &Key) -> Vec<String> {
        let over = self.of(key).filter(|firing| matches!(firing.state, State::Over(_)));
        let mut over: Vec<(Moment, String)> = over.map(|one| (one.at, one.id.clone())).collect();
        over.sort();
        let excess = over.len().saturating_sub(KEPT);
        over.into_iter().take(excess).map(|(_, id)| id).collect()
    }

    /// Has a firing started that is stored, and follows what was started to its end.
    pub(super) fn hand(&self, id: &str) {
        let Some(firing) = self.firings.get(id).and_then(|record| record.firing.clone()) else {
            return;
        };
        let (handle, starter) = (self.handle.clone(), Arc::clone(&self.ports.starter));
        tokio::spawn(async move {
            let id = firing.id.clone();
            let result = starter.start(firing).await;
            let good = result.is_ok();
            handle.tell(Ask::Answered { id: id.clone(), result });
            if good {
                let ended = starter.wait(&id).await;
                handle.tell(Ask::Over { id, ended });
            }
        });
    }

    fn cancel(&self, id: String) {
        let starter = Arc::clone(&self.ports.starter);
        tokio::spawn(async move {
            if let Err(refusal) = starter.cancel(&id, "its trigger fired again").await {
                tracing::warn!(%refusal, id, "what a trigger started cannot be cancelled");
            }
        });
    }
}

/// Firings that are over and kept, so that one that comes again starts nothing.
const KEPT: usize = 200;

/// All that is known of a firing.
fn whole(new: &NewFiring, key: &Key, now: Moment) -> Value {
    let mut known = new.known.as_object().cloned().unwrap_or_default();
    let usual = [
        ("trigger", key.1.to_string()),
        ("workspace", key.0.to_string()),
        ("firing", new.id.clone()),
        ("fired_at", iso(now)),
    ];
    known.extend(usual.map(|(name, text)| (name.to_owned(), Value::String(text))));
    Value::Object(known)
}
