//! Which workspaces declare what.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{Actor, Key, Space, watch};
use crate::{
    base::{Code, Moment, Name, Refusal},
    ledger::Decision,
    session::FILE,
    trigger::{
        fact::{Rescheduled, Switched},
        find::Declared,
        model::{Source, Trigger},
        record::{TriggerRecord, WorkspaceRecord},
    },
};

/// Changes with every start of the machine.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

impl Actor {
    /// Looks after what a workspace declares now.
    pub(super) async fn enlist(&mut self, declared: Declared) -> Result<(), Refusal> {
        let Declared { workspace, dir, triggers } = declared;
        if let Some(space) = self.spaces.get(&workspace)
            && space.dir != dir
            && self.ports.files.exists(&space.dir.join(FILE))
        {
            let message = format!("{} is the workspace `{workspace}` already", space.dir.display());
            return Err(Refusal::new(Code::Failed, message)
                .help("give one of them another name in its gaia.toml: name = \"…\""));
        }
        let mut decision = Decision::new();
        if self.spaces.get(&workspace).is_none_or(|space| space.dir != dir) {
            decision.put(&WorkspaceRecord { workspace: workspace.clone(), dir: dir.clone() });
        }
        let marks = self.marks_of(&workspace, &triggers, &mut decision)?;
        let gone: Vec<Key> = self
            .marks
            .keys()
            .filter(|key| key.0 == workspace && triggers.iter().all(|one| one.name != key.1))
            .cloned()
            .collect();
        for (workspace, name) in &gone {
            decision.delete::<TriggerRecord>(&format!("{workspace}/{name}"));
        }
        self.commit(decision).await?;
        self.marks.retain(|key, _| !gone.contains(key));
        self.marks.extend(marks);
        self.install(&workspace, &dir, triggers);
        Ok(())
    }

    /// The records of triggers that are new or were changed.
    fn marks_of(
        &self,
        workspace: &Name,
        triggers: &[Trigger],
        decision: &mut Decision,
    ) -> Result<Vec<(Key, TriggerRecord)>, Refusal> {
        let (now, last) = (self.ports.clock.now(), self.ledger.last()?);
        let mut marks = Vec::new();
        for trigger in triggers {
            let key = (workspace.clone(), trigger.name.clone());
            let source = trigger.source.show();
            let fresh = fresh(&key, &source, (now, last), self.boot());
            let mark = match self.marks.get(&key) {
                None => fresh,
                Some(old) if old.source == source => continue,
                Some(old) => {
                    decision.fact(&Rescheduled {
                        workspace: workspace.clone(),
                        trigger: trigger.name.clone(),
                        from: old.source.clone(),
                        to: source,
                    });
                    let (enabled, why) = (old.enabled, old.why.clone());
                    TriggerRecord { enabled, why, fired: old.fired, ..fresh }
                }
            };
            decision.put(&mark);
            marks.push((key, mark));
        }
        Ok(marks)
    }

    /// The boot of the machine that this is.
    pub(super) fn boot(&self) -> Option<String> {
        let read = self.ports.files.read(Path::new(BOOT), 64).ok()??;
        Some(String::from_utf8_lossy(&read).trim().to_owned())
    }

    fn install(&mut self, workspace: &Name, dir: &Path, triggers: Vec<Trigger>) {
        let mut old = self.spaces.remove(workspace);
        let mut files = BTreeMap::new();
        for trigger in &triggers {
            let Source::Files(wanted) = &trigger.source else { continue };
            let kept = old.as_mut().filter(|old| {
                let same = old.triggers.get(&trigger.name).map(|old| &old.source);
                same == Some(&trigger.source) && old.dir == dir
            });
            let kept = kept.and_then(|old| old.files.remove(&trigger.name));
            let key = (workspace.clone(), trigger.name.clone());
            let begin = || watch::files(&self.ports, &self.handle, (&key, dir), wanted);
            match kept.map_or_else(begin, Ok) {
                Ok(task) => drop(files.insert(trigger.name.clone(), task)),
                Err(what) => tracing::error!(what, trigger = %trigger.name, "no file is watched"),
            }
        }
        let kept = old.filter(|old| old.dir == dir).map(|old| old._definition);
        let definition =
            kept.unwrap_or_else(|| watch::definition(&self.ports, &self.handle, workspace, dir));
        let triggers = triggers.into_iter().map(|one| (one.name.clone(), Arc::new(one))).collect();
        let dir = dir.to_owned();
        let space = Space { dir, triggers, fault: None, files, _definition: definition };
        self.spaces.insert(workspace.clone(), space);
    }

    /// Reads a workspace again; what was read before goes on if it cannot be read.
    pub(super) async fn reread(&mut self, workspace: &Name) {
        let Some(dir) = self.spaces.get(workspace).map(|space| space.dir.clone()) else { return };
        let fault = match self.handle.declared(&dir) {
            Ok(declared) if declared.dir != dir || declared.workspace != *workspace => {
                Some(format!("{} is not the workspace `{workspace}` any more", dir.display()))
            }
            Ok(declared) => self.enlist(declared).await.err().map(|refusal| refusal.message),
            Err(refusal) => Some(refusal.message),
        };
        if let Some(what) = &fault {
            tracing::warn!(what, %workspace, "the triggers of a workspace cannot be read");
        }
        if let Some(space) = self.spaces.get_mut(workspace) {
            space.fault = fault;
        }
    }

    /// A workspace that could not be read since the daemon has started.
    pub(super) fn unread(&mut self, record: WorkspaceRecord, fault: String) {
        let WorkspaceRecord { workspace, dir } = record;
        tracing::warn!(fault, %workspace, "the triggers of a workspace cannot be read");
        self.install(&workspace, &dir, vec![]);
        if let Some(space) = self.spaces.get_mut(&workspace) {
            space.fault = Some(fault);
        }
    }

    /// Lets a trigger fire, or not.
    pub(super) async fn switch(
        &mut self,
        key: &Key,
        enabled: bool,
        why: &str,
    ) -> Result<(), Refusal> {
        let trigger = self.trigger(key)?;
        let Some(mut mark) = self.marks.get(key).cloned() else { return Ok(()) };
        let before = self.is_enabled(key, &trigger);
        mark.enabled = Some(enabled);
        mark.why = Some(why.to_owned()).filter(|_| !enabled);
        if enabled {
            // What would have fired meanwhile is not made up for.
            mark.failures = 0;
            (mark.watermark, mark.since) = (self.ports.clock.now(), self.ledger.last()?);
        }
        let mut draft = super::take::Draft::new(mark);
        if before != enabled {
            draft.decision.fact(&Switched {
                workspace: key.0.clone(),
                trigger: key.1.clone(),
                enabled,
                why: why.to_owned(),
            });
        }
        self.settle(key, draft).await
    }
}

fn fresh(
    key: &Key,
    source: &str,
    (now, last): (Moment, u64),
    boot: Option<String>,
) -> TriggerRecord {
    TriggerRecord {
        workspace: key.0.clone(),
        name: key.1.clone(),
        source: source.to_owned(),
        watermark: now,
        since: last,
        enabled: None,
        why: None,
        failures: 0,
        recent: vec![],
        boot,
        fired: 0,
    }
}
