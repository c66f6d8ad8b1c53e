//! A daemon that came back finds its tasks again.

use std::sync::Arc;

use super::{Actor, clear::clear};
use crate::{
    agent::{
        id::TaskId,
        model::{State, Step},
        record::{CrewRecord, TaskRecord},
    },
    base::Refusal,
};

impl Actor {
    /// Reads everything back, and goes on with every attempt from the step it is at.
    pub(super) async fn recover(&mut self) -> Result<(), Refusal> {
        let ledger = self.world.ledger().clone();
        for crew in ledger.scan::<CrewRecord>()? {
            self.crews.insert(crew.workspace.clone(), crew);
        }
        for mut task in ledger.scan::<TaskRecord>()? {
            // A landing that was cut off is asked for again; publishing may be repeated.
            task.landing = None;
            self.next = self.next.max(task.id.0 + 1);
            for unit in task.attempts.iter().filter_map(|attempt| attempt.unit.clone()) {
                self.units.insert(unit, task.id);
            }
            if let State::Queued { until: Some(until), .. } = &task.state
                && let Some(last) = task.last()
                && last.class == Some(crate::agent::driver::Class::Limited)
            {
                self.book.limit(last.driver.clone(), *until);
            }
            self.tasks.insert(task.id, Arc::new(task));
        }
        (self.dirty, self.moved) = (true, true);
        self.publish();
        let followed: Vec<TaskId> =
            self.tasks.values().filter(|task| is_followed(task)).map(|task| task.id).collect();
        for id in followed {
            self.start_job(id);
        }
        self.clear_rest();
        Ok(())
    }

    /// Removes what is left of tasks whose removal was cut off. Their folders go last.
    fn clear_rest(&self) {
        let (home, files) = (self.world.sessions.home(), &self.world.sessions.ports().files);
        let over = |task: &&Arc<TaskRecord>| {
            matches!(task.state, State::Landed { .. } | State::Discarded { .. })
                && task.tree.is_some()
                && files.exists(&home.task(&task.id.to_string()))
        };
        let left: Vec<Arc<TaskRecord>> = self.tasks.values().filter(over).cloned().collect();
        let world = self.world.clone();
        tokio::spawn(async move {
            for task in left {
                if let Some(tree) = &task.tree {
                    clear(&world, &task, tree).await;
                }
            }
        });
    }
}

fn is_followed(task: &TaskRecord) -> bool {
    task.last().is_some_and(|last| follows(&task.state, last.ended.is_some(), last.step))
}

/// Whether an attempt goes on, or its program still sits in its pane. A person may be asked about
/// one that goes on, such as whether it has its prompt: it is followed all the same.
fn follows(state: &State, ended: bool, step: Step) -> bool {
    match ended {
        false => !state.is_over(),
        true => state.is_good() && step != Step::Ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_goes_on_is_followed_whatever_a_person_is_asked_meanwhile() {
        let asking = State::Asking { item: "i1".into(), why: "did it get its prompt?".into() };
        let failed = State::Failed { why: "no".into() };
        let table = [
            (&State::Running, false, Step::Recorded, true),
            (&State::Running, false, Step::Delivered, true),
            (&asking, false, Step::Launched, true),
            (&asking, true, Step::Delivered, false),
            (&State::Done, true, Step::Delivered, true),
            (&State::Done, true, Step::Ended, false),
            (&State::Cancelled, false, Step::Launched, false),
            (&failed, true, Step::Ended, false),
        ];
        for (state, ended, step, expected) in table {
            assert_eq!(follows(state, ended, step), expected, "{state:?} {ended} {step:?}");
        }
    }
}
