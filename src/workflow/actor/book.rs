//! Runs come in, and go.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::oneshot;

use super::{Actor, Live, NewRun, handle};
use crate::{
    base::{Code, Refusal, RunId},
    ledger::Decision,
    workflow::{
        door,
        fact::RunCreated,
        machine::Input,
        model::WhenFull,
        record::{DefinitionRecord, EntryRecord, RunRecord},
        run::{Plan, Scope, State},
        text,
    },
};

/// File of the environment a run was asked for in, and the most that is read of it.
pub(super) const ENV_FILE: &str = "env.json";
/// Runs that start each other, one inside the other, at most.
const DEEP: u32 = 10;

impl Actor {
    /// Takes in a run.
    pub(super) fn create(
        &mut self,
        new: NewRun,
        reply: oneshot::Sender<Result<RunRecord, Refusal>>,
    ) {
        if let Some(known) = new.key.as_ref().and_then(|key| self.keys.get(key)) {
            let head = self.heads.get(known).map(|head| RunRecord::clone(head));
            return drop(reply.send(head.ok_or_else(|| Refusal::broken("a run is gone"))));
        }
        if let Some(trouble) = &self.troubled {
            return drop(reply.send(Err(trouble.clone())));
        }
        match self.take_in(new) {
            Err(refusal) => drop(reply.send(Err(refusal))),
            Ok(record) => self.pending.replies.push(Box::new(move |stored| {
                let _ = reply.send(stored.map(|()| record));
            })),
        }
    }

    fn take_in(&mut self, new: NewRun) -> Result<RunRecord, Refusal> {
        if new.parent.as_ref().is_some_and(|parent| parent.depth > DEEP) {
            let message = format!("runs may start runs {DEEP} deep, and this one is deeper");
            return Err(Refusal::new(Code::Invalid, message));
        }
        let id = self.fresh_id();
        self.keep_env(&id, &new)?;
        let NewRun { workspace, dir, definition, others, inputs, key, trigger, parent, .. } = new;
        let fingerprints = others.iter().map(|(name, one)| (name.clone(), one.digest.clone()));
        let plan = Arc::new(Plan::new(definition.definition.clone()));
        self.churn += plan.definition.steps.len();
        let record = RunRecord {
            id: id.clone(),
            key,
            workflow: plan.definition.name.clone(),
            workspace,
            dir,
            digest: definition.digest.clone(),
            others: fingerprints.collect(),
            inputs,
            trigger,
            parent,
            priority: new.priority.unwrap_or(plan.definition.priority),
            created: self.world.now(),
            state: State::Queued,
            paused: false,
            started: None,
            ended: None,
            why: None,
            cost: None,
            steps: 0,
            imports: new.imports,
        };
        let mut decision = Decision::new();
        for captured in others.values().chain([&definition]) {
            // Its key is its fingerprint: what is there, and stays there, is the same.
            let digest = &captured.digest;
            if self.pending.decision.changes::<DefinitionRecord>(digest)
                || !self.world.ledger().has::<DefinitionRecord>(digest)?
            {
                decision.put(captured);
            }
        }
        decision.put(&record).fact(&RunCreated {
            run: id.clone(),
            workflow: record.workflow.clone(),
            workspace: record.workspace.clone(),
            trigger: record.trigger.clone(),
        });
        self.pending.decision.append(decision);
        // Those that came a moment before run already, or wait.
        self.admit();
        self.keep(record.clone(), plan);
        self.make_room_for(&id);
        Ok(record)
    }

    fn keep(&mut self, record: RunRecord, plan: Arc<Plan>) {
        let id = record.id.clone();
        if let Some(key) = &record.key {
            self.keys.insert(key.clone(), id.clone());
        }
        self.heads.insert(id.clone(), Arc::new(record.clone()));
        let run = handle::blank(&record, plan);
        let group = group_of(&run);
        self.live
            .insert(id, Live { record, run, seq: 0, env: None, jobs: Default::default(), group });
    }

    fn fresh_id(&self) -> RunId {
        let random = &self.world.sessions.ports().random;
        let now = self.world.now().0;
        // Two of one moment go by the order they came in, also where the clock was set back: the
        // first moment after the last one, found by halving.
        let follows = |millis: u64| {
            self.heads.last_key_value().is_none_or(|(last, _)| RunId::new(millis, 0) > *last)
        };
        let (mut low, mut millis) = (now, now);
        while !follows(millis) {
            (low, millis) = (millis, millis + (millis - now).max(1));
        }
        while low < millis {
            let middle = low + (millis - low) / 2;
            if follows(middle) { millis = middle } else { low = middle + 1 }
        }
        RunId::new(millis, random.word())
    }

    /// Writes down in what environment a run is asked for, for its user only.
    fn keep_env(&self, id: &RunId, new: &NewRun) -> Result<(), Refusal> {
        let folder = self.world.sessions.home().a_run(id.as_str());
        let files = &self.world.sessions.ports().files;
        let text = serde_json::to_vec(&new.env).map_err(Refusal::broken)?;
        let kept = files.private_dir(&folder, None);
        kept.and_then(|()| files.keep(&folder.join(ENV_FILE), &text)).map_err(|what| {
            let _ = files.remove_dir(&folder);
            Refusal::new(Code::Failed, what)
                .help("free some space, or correct the owner of the home")
        })
    }

    /// A group that is full may want others to give way, or the new one.
    fn make_room_for(&mut self, id: &RunId) {
        let Some(live) = self.live.get(id) else { return };
        let Some(rule) = live.run.plan.definition.concurrency.clone() else { return };
        let same = |other: &&RunId| {
            let group = self.live.get(*other).and_then(|o| o.group.as_ref());
            *other != id && group == live.group.as_ref()
        };
        let others: Vec<RunId> = self.live.keys().filter(same).cloned().collect();
        let state = |id: &RunId| self.live.get(id).map(|live| live.run.state);
        let running = others.iter().filter(|id| state(id) == Some(State::Running)).count();
        if running < rule.max as usize {
            return;
        }
        let by = format!("{id} took its place");
        match rule.when_full {
            WhenFull::Queue => (),
            WhenFull::Skip => {
                let why = format!("{running} of its group run already");
                self.turn(id, Input::TurnAway(why));
            }
            WhenFull::ReplacePending => {
                let queued = others.into_iter().filter(|id| state(id) == Some(State::Queued));
                for other in queued.collect::<Vec<_>>() {
                    self.turn(&other, Input::Cancel(by.clone()));
                }
            }
            WhenFull::CancelRunning => {
                for other in others {
                    self.turn(&other, Input::Cancel(by.clone()));
                }
            }
        }
    }

    /// Loads a run that is over, to be done over.
    pub(super) fn revive(&mut self, id: &RunId) -> Result<(), Refusal> {
        let head = self.heads.get(id).map(|head| RunRecord::clone(head));
        let Some(record) = head else {
            return Err(Refusal::new(Code::NotFound, format!("there is no run `{id}`")));
        };
        let ledger = self.world.ledger();
        let (run, seq) = handle::fold(ledger, &record, handle::plan(ledger, &record)?)?;
        let group = group_of(&run);
        self.live.insert(
            id.clone(),
            Live { record, run, seq, env: None, jobs: Default::default(), group },
        );
        Ok(())
    }

    /// Forgets the oldest runs that are over, if there are too many.
    pub(super) fn prune(&mut self) {
        let over = self.heads.len() - self.live.len();
        // Many at a time, so that each end of a run does not cost one.
        if self.options.keep == 0 || over <= self.options.keep + self.options.keep / 20 {
            return;
        }
        let old = self.heads.keys().filter(|id| !self.live.contains_key(*id));
        let old: Vec<RunId> = old.take(over - self.options.keep).cloned().collect();
        self.erase(&old);
    }

    pub(super) fn forget(&mut self, ids: Vec<RunId>, reply: oneshot::Sender<Result<u32, Refusal>>) {
        let over = |id: &RunId| self.heads.contains_key(id) && !self.live.contains_key(id);
        let ids: Vec<RunId> = ids.into_iter().filter(over).collect();
        let count = ids.len() as u32;
        self.erase(&ids);
        self.pending.replies.push(Box::new(move |stored| {
            let _ = reply.send(stored.map(|()| count));
        }));
    }

    fn erase(&mut self, ids: &[RunId]) {
        let mut definitions = BTreeSet::new();
        for id in ids {
            let Some(head) = self.heads.remove(id) else { continue };
            definitions.extend(definitions_of(&head).cloned());
            if let Some(key) = &head.key {
                self.keys.remove(key);
                let sessions = &self.world.sessions;
                sessions.ports().files.forget(&door::payload(sessions.home(), key));
            }
            self.pending.decision.delete::<RunRecord>(id.as_str());
            let begin = EntryRecord::begin(id);
            let entries = self.world.ledger().scan_under::<EntryRecord>(&begin);
            for entry in entries.into_iter().flatten() {
                let key = crate::ledger::Record::key(&entry);
                self.pending.decision.delete::<EntryRecord>(&key);
            }
            let files = &self.world.sessions.ports().files;
            let _ = files.remove_dir(&self.world.sessions.home().a_run(id.as_str()));
        }
        for digest in self.heads.values().flat_map(|head| definitions_of(head)) {
            definitions.remove(digest);
        }
        for digest in definitions {
            self.pending.decision.delete::<DefinitionRecord>(&digest);
        }
    }
}

/// Fingerprints of what a run has captured.
fn definitions_of(head: &RunRecord) -> impl Iterator<Item = &String> {
    std::iter::once(&head.digest).chain(head.others.values())
}

/// The group a run shares places with.
pub(super) fn group_of(run: &crate::workflow::run::Run) -> Option<String> {
    let rule = run.plan.definition.concurrency.as_ref()?;
    text::render(&rule.group, &Scope { run, at: None }).ok()
}
