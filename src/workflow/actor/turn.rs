//! An input into a run: what follows from it is stored, and then done.

use std::sync::Arc;

use super::{Actor, Ask, CHURN, Live, News, job};
use crate::{
    base::{Code, Refusal, RunId},
    ledger::Decision,
    workflow::{
        fact::{
            AttemptFailed, RunCancelled, RunFinished, RunPaused, RunRetried, RunStarted,
            StepFailed, StepHeld,
        },
        machine::{self, Effect, Input},
        record::{EntryRecord, RunRecord},
        run::{Event, State, Told},
        view::RunView,
    },
};

impl Actor {
    pub(super) fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Create(new, reply) => self.create(*new, reply),
            Ask::Tell(id, input, reply) => self.tell(&id, input, reply),
            Ask::Report(id, input) => drop(self.turn(&id, input)),
            Ask::Idle(id, at, job) => {
                if let Some(live) = self.live.get_mut(&id)
                    && live.jobs.get(&at).is_some_and(|(number, _)| *number == job)
                {
                    live.jobs.remove(&at);
                }
            }
            Ask::List(reply) => drop(reply.send(Ok(self.heads.values().cloned().collect()))),
            Ask::Show(id, reply) => {
                let seen_at = self.world.now();
                let view = self.live.get(&id).map(|live| {
                    let view = RunView::of(&live.record, &live.run);
                    RunView { seen_at, ..view }
                });
                let _ = reply.send(Ok(view));
            }
            Ask::Live(id, reply) => {
                let live = self.live.get(&id);
                let _ = reply.send(Ok(live.map(|live| (live.record.clone(), live.run.clone()))));
            }
            Ask::Wait(id, reply) => match self.heads.get(&id) {
                Some(head) if !self.live.contains_key(&id) => drop(reply.send(Arc::clone(head))),
                Some(_) => self.waiters.entry(id).or_default().push(reply),
                // Whoever waits learns that it is gone.
                None => drop(reply),
            },
            Ask::Forget(ids, reply) => self.forget(ids, reply),
        }
    }

    /// A person's wish.
    fn tell(
        &mut self,
        id: &RunId,
        input: Input,
        reply: tokio::sync::oneshot::Sender<Result<RunRecord, Refusal>>,
    ) {
        if let Some(trouble) = &self.troubled {
            return drop(reply.send(Err(trouble.clone())));
        }
        let over = !self.live.contains_key(id);
        if matches!(input, Input::Retry(_))
            && over
            && let Err(refusal) = self.revive(id)
        {
            return drop(reply.send(Err(refusal)));
        }
        if !self.turn(id, input) && over && self.live.remove(id).is_some() {
            let refusal =
                Refusal::new(Code::Invalid, format!("nothing of {id} is to be done over"));
            let refusal = refusal.help("`gaia run start` starts a new one");
            return drop(reply.send(Err(refusal)));
        }
        let Some(live) = self.live.get(id) else {
            let state = self.heads.get(id).map_or("gone", |head| head.state.word());
            let refusal = Refusal::new(Code::Invalid, format!("{id} is {state}"));
            let refusal = refusal.help("`gaia run retry` does over what did not end well");
            return drop(reply.send(Err(refusal)));
        };
        let record = live.record.clone();
        self.pending.replies.push(Box::new(move |stored| {
            let _ = reply.send(stored.map(|()| record));
        }));
    }

    /// Takes an input into a run; what follows is to be stored.
    pub(super) fn turn(&mut self, id: &RunId, input: Input) -> bool {
        let now = self.world.now();
        let Some(live) = self.live.get_mut(id) else { return false };
        self.churn += 1;
        let events = machine::advance(&mut live.run, input, now);
        if events.is_empty() {
            return false;
        }
        live.seq += 1;
        live.tell(&events, &mut self.pending.decision);
        let effects = machine::effects(&events);
        self.pending.effects.extend(effects.into_iter().map(|effect| (id.clone(), effect)));
        let news = events.iter().any(Event::is_of_the_whole);
        let entry = EntryRecord { run: id.clone(), told: Told { seq: live.seq, at: now, events } };
        self.pending.decision.put(&entry);
        if news {
            live.note();
            self.pending.decision.put(&live.record);
            self.heads.insert(id.clone(), Arc::new(live.record.clone()));
        }
        let EntryRecord { run, told } = entry;
        self.pending.news.push(News { run, told });
        true
    }

    /// Time went by.
    pub(super) fn wake(&mut self) {
        if self.churn >= CHURN {
            self.churn = 0;
            (self.world.ports.give_back)();
        }
        let now = self.world.now();
        let due = |live: &Live| machine::next_wake(&live.run).is_some_and(|due| due <= now);
        let due: Vec<RunId> =
            self.live.iter().filter(|(_, live)| due(live)).map(|(id, _)| id.clone()).collect();
        for id in due {
            self.turn(&id, Input::Wake);
        }
    }

    /// Stores what is pending, then does what follows. What cannot be stored stays pending, and
    /// nothing that follows from it is done.
    pub(super) async fn store(&mut self) {
        let stored = if self.pending.decision.is_empty() {
            Ok(())
        } else {
            self.world.ledger().commit(self.pending.decision.clone()).await.map(drop)
        };
        match stored {
            Ok(()) => {
                if self.troubled.take().is_some() {
                    tracing::info!("the journals of runs can be stored again");
                }
                let pending = std::mem::take(&mut self.pending);
                for reply in pending.replies {
                    reply(Ok(()));
                }
                for news in pending.news {
                    let _ = self.news.send(Arc::new(news));
                }
                for (id, effect) in pending.effects {
                    self.carry_out(&id, effect);
                }
            }
            Err(refusal) => {
                if self.troubled.is_none() {
                    tracing::error!(%refusal, "runs wait until their journals can be stored");
                }
                // It stands in memory, and is stored with all the rest.
                let help = refusal.help.as_deref().unwrap_or("free some space");
                let help = format!("{help}; what was asked is done as soon as there is room");
                let told = refusal.clone().help(help);
                for reply in self.pending.replies.drain(..) {
                    reply(Err(told.clone()));
                }
                self.troubled = Some(refusal);
            }
        }
    }

    /// Does what follows from something that is on disk.
    pub(super) fn carry_out(&mut self, id: &RunId, effect: Effect) {
        match effect {
            Effect::Attempt(at) | Effect::Hold(at) => self.start_job(id, at),
            Effect::Budget => self.start_budget_job(id),
            Effect::AskAgain(at) => self.tell_job(id, at, job::JobNews::AskAgain),
            Effect::Stop(at) | Effect::Release(at) => {
                self.tell_job(id, at, job::JobNews::Stop);
            }
            Effect::Over => self.close(id),
        }
    }

    /// A run is over: whoever waits for it is told.
    fn close(&mut self, id: &RunId) {
        let Some(live) = self.live.remove(id) else { return };
        let head = Arc::new(live.record);
        self.heads.insert(id.clone(), Arc::clone(&head));
        let (world, own) = (self.world.clone(), id.clone());
        tokio::spawn(async move { job::withdraw(&world, |id| *id == own).await });
        for waiter in self.waiters.remove(id).into_iter().flatten() {
            let _ = waiter.send(Arc::clone(&head));
        }
        self.prune();
        self.churn += live.run.instances.len();
    }
}

impl Live {
    /// Tells the ledger what others may want to know.
    fn tell(&self, events: &[Event], decision: &mut Decision) {
        // Most events are told to nobody, and copied for nobody.
        for event in events.iter().filter(|event| event.is_told()) {
            let RunRecord { id, workflow, workspace, .. } = &self.record;
            let (run, workflow, workspace) = (id.clone(), workflow.clone(), workspace.clone());
            match event.clone() {
                Event::Began => decision.fact(&RunStarted { run, workflow, workspace }),
                Event::Finished { state, .. } => {
                    let (why, cost) = (self.why(), self.run.cost);
                    decision.fact(&RunFinished { run, workflow, workspace, state, why, cost })
                }
                Event::Paused { paused } => decision.fact(&RunPaused { run, paused }),
                Event::CancelAsked { by, .. } => decision.fact(&RunCancelled { run, by }),
                Event::Reset { .. } => decision.fact(&RunRetried { run, workflow }),
                Event::Failed { at, why } => {
                    let step = self.run.path(at);
                    decision.fact(&StepFailed { run, workflow, workspace, step, why })
                }
                Event::Held { at, why, .. } => {
                    let step = self.run.path(at);
                    decision.fact(&StepHeld { run, workflow, workspace, step, why })
                }
                Event::Ended { at, class, why, .. } => {
                    let (step, attempt) = (self.run.path(at), self.run.get(at).attempt);
                    decision.fact(&AttemptFailed { run, step, attempt, class, why })
                }
                // The journal of the run tells the rest.
                _ => decision,
            };
        }
    }

    /// Why it is as it is: who cancelled it, or what failed first.
    fn why(&self) -> Option<String> {
        if let Some((by, _)) = &self.run.cancelled {
            return Some(by.clone());
        }
        if let Some(over) = &self.run.over_budget {
            return Some(over.clone());
        }
        let failed = |id: &u32| {
            let instance = self.run.get(*id);
            let is = instance.phase == crate::workflow::run::Phase::Failed;
            is && instance.children.is_empty()
        };
        let first = (0..self.run.instances.len() as u32)
            .filter(failed)
            .min_by_key(|id| self.run.get(*id).ended)?;
        let why = self.run.get(first).why.as_deref().unwrap_or_default();
        Some(format!("{}: {why}", self.run.path(first)))
    }

    /// Brings the head up to what happened.
    fn note(&mut self) {
        let run = &self.run;
        let why = match run.state {
            State::Queued | State::Running => run.over_budget.clone(),
            State::Done => None,
            State::Failed | State::Cancelled | State::Skipped => self.why(),
        };
        let head = &mut self.record;
        (head.state, head.paused, head.why, head.cost) = (run.state, run.paused, why, run.cost);
        (head.started, head.ended) = (run.started, run.ended);
        head.steps = run.instances.len() as u32;
    }
}
