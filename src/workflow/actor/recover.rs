//! After a restart: every run that is not over is folded from its journal, and what was under way
//! is taken up again.

use std::sync::Arc;

use super::{Actor, Live, book, handle};
use crate::{
    base::{Refusal, RunId},
    workflow::{
        machine::{self, Input},
        record::RunRecord,
        run::{Class, End, Phase, Plan},
    },
};

impl Actor {
    pub(super) fn recover(&mut self) -> Result<(), Refusal> {
        let mut plans = std::collections::HashMap::new();
        for record in self.world.ledger().scan::<RunRecord>()? {
            if let Some(key) = &record.key {
                self.keys.insert(key.clone(), record.id.clone());
            }
            self.heads.insert(record.id.clone(), Arc::new(record.clone()));
            if !record.state.is_over() {
                let plan = match plans.get(&record.digest) {
                    Some(plan) => Arc::clone(plan),
                    None => {
                        let plan = handle::plan(self.world.ledger(), &record)?;
                        plans.insert(record.digest.clone(), Arc::clone(&plan));
                        plan
                    }
                };
                self.find_again(record, plan)?;
            }
        }
        drop(plans);
        self.sweep();
        let found: Vec<RunId> = self.live.keys().cloned().collect();
        for id in found {
            self.turn(&id, Input::Recover);
            if self.options.gives_up {
                self.give_up(&id);
            }
            let outstanding = machine::outstanding(&self.live[&id].run);
            // What follows from the turn just now is among them, and done once it is stored.
            self.pending.effects.retain(|(of, _)| *of != id);
            self.pending.effects.extend(outstanding.into_iter().map(|effect| (id.clone(), effect)));
            if self.live[&id].run.state.is_over() {
                self.pending.effects.push((id, machine::Effect::Over));
            }
        }
        Ok(())
    }

    /// Removes what was left of runs that were asked for and never stored: the environment, which is
    /// written first. A folder with anything else in it is left alone, whoever it is of.
    fn sweep(&self) {
        let (home, files) = (self.world.sessions.home(), &self.world.sessions.ports().files);
        for name in files.names(&home.runs()) {
            let folder = home.a_run(&name);
            let is_known = name.parse().is_ok_and(|id: RunId| self.heads.contains_key(&id));
            if !is_known && files.names(&folder) == [book::ENV_FILE] {
                let _ = files.remove_dir(&folder);
            }
        }
    }

    fn give_up(&mut self, id: &RunId) {
        let run = &self.live[id].run;
        let running = run.active.iter().filter(|at| run.get(**at).phase == Phase::Running);
        let running: Vec<_> = running.map(|at| (*at, run.get(*at).attempt)).collect();
        for (at, attempt) in running {
            let end = End::bad(Class::Lost, "the daemon was started anew");
            self.turn(id, Input::Ended(at, attempt, end));
        }
    }

    fn find_again(&mut self, record: RunRecord, plan: Arc<Plan>) -> Result<(), Refusal> {
        let (run, seq) = handle::fold(self.world.ledger(), &record, plan)?;
        self.churn += run.instances.len();
        let group = book::group_of(&run);
        let id = record.id.clone();
        self.live.insert(id, Live { record, run, seq, env: None, jobs: Default::default(), group });
        Ok(())
    }
}
