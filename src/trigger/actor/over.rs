//! What was started, and how it ended; what waited for it.

use super::{Actor, Key, take::Draft};
use crate::{
    base::Refusal,
    trigger::{
        fact::{Began, Failed, Over, Skipped, Switched},
        machine,
        model::{Ended, Started},
        record::{FiringRecord, Outcome, State},
    },
};

impl Actor {
    /// A firing was started, or could not be.
    pub(super) async fn answered(
        &mut self,
        id: &str,
        result: Result<Started, Refusal>,
    ) -> Result<(), Refusal> {
        let Some(mut record) = self.firings.get(id).cloned() else { return Ok(()) };
        let run = match result {
            Err(refusal) => return self.ended(record, Outcome::Failed(refusal.message)).await,
            Ok(Started { run }) => run,
        };
        if record.state != State::Handed {
            return Ok(());
        }
        let key = (record.workspace.clone(), record.trigger.clone());
        let Some(mark) = self.marks.get(&key).cloned() else { return Ok(()) };
        let mut draft = Draft::new(mark);
        draft.decision.fact(&Began {
            workspace: key.0.clone(),
            trigger: key.1.clone(),
            firing: id.to_owned(),
            run: run.clone(),
        });
        record.state = State::Running(run);
        draft.firings.push(record);
        self.settle(&key, draft).await
    }

    /// What a firing has started is over.
    pub(super) async fn over(&mut self, id: &str, ended: Ended) -> Result<(), Refusal> {
        match self.firings.get(id).cloned() {
            Some(record) => self.ended(record, ended.into()).await,
            None => Ok(()),
        }
    }

    async fn ended(&mut self, mut record: FiringRecord, outcome: Outcome) -> Result<(), Refusal> {
        let key = (record.workspace.clone(), record.trigger.clone());
        if record.state.is_running()
            && let Some(mark) = self.marks.get(&key).cloned()
        {
            let mut draft = Draft::new(mark);
            self.count(&key, &mut draft, (&record.id, &outcome));
            record.state = State::Over(outcome);
            record.firing = None;
            draft.firings.push(record);
            self.settle(&key, draft).await?;
        }
        self.advance(&key).await
    }

    /// Tells how it ended, and stops a trigger that fails too often.
    fn count(&self, key: &Key, draft: &mut Draft, (id, outcome): (&str, &Outcome)) {
        let (workspace, trigger, firing) = (key.0.clone(), key.1.clone(), id.to_owned());
        let why = match outcome {
            Outcome::Done => {
                draft.mark.failures = 0;
                let outcome = "done".to_owned();
                draft.decision.fact(&Over { workspace, trigger, firing, outcome });
                return;
            }
            Outcome::Cancelled | Outcome::Skipped(_) => {
                let outcome = "cancelled".to_owned();
                draft.decision.fact(&Over { workspace, trigger, firing, outcome });
                return;
            }
            Outcome::Failed(why) => why.clone(),
        };
        draft.decision.fact(&Failed { workspace, trigger, firing, why });
        draft.mark.failures += 1;
        let Ok(trigger) = self.trigger(key) else { return };
        let failures = draft.mark.failures;
        if machine::is_paused(trigger.pause_on_failures, failures) {
            let why = format!("it failed {failures} times in a row");
            (draft.mark.enabled, draft.mark.why) = (Some(false), Some(why.clone()));
            let (workspace, trigger) = (key.0.clone(), key.1.clone());
            draft.decision.fact(&Switched { workspace, trigger, enabled: false, why });
        }
    }

    /// Starts the oldest firing that waits, once nothing runs.
    pub(super) async fn advance(&mut self, key: &Key) -> Result<(), Refusal> {
        loop {
            let (running, waiting) = self.busy(key);
            let (true, Some(id)) = (running.is_empty(), waiting.first()) else { return Ok(()) };
            let (Some(mut record), Some(mark)) =
                (self.firings.get(id).cloned(), self.marks.get(key).cloned())
            else {
                return Ok(());
            };
            let mut draft = Draft::new(mark);
            let off = self.trigger(key).is_ok_and(|trigger| !self.is_enabled(key, &trigger));
            let manual = id.starts_with("manual/");
            let left = off && !manual;
            if left {
                let why = "its trigger was disabled".to_owned();
                draft.decision.fact(&Skipped {
                    workspace: key.0.clone(),
                    trigger: key.1.clone(),
                    why: why.clone(),
                    firing: Some(id.clone()),
                    slot: None,
                    count: 1,
                });
                record.state = State::Over(Outcome::Skipped(why));
            } else {
                record.state = State::Handed;
            }
            draft.firings.push(record);
            self.settle(key, draft).await?;
            if !left {
                self.hand(id);
                return Ok(());
            }
        }
    }
}
