//! Attempts under way: each has a job that does what it asks for and reports how it ended.
//!
//! Invariant: a job may be started twice for the same attempt, before a crash and after it; what it
//! does is done once, by the claim of the attempt's folder or by a key.

mod agent;
mod artifacts;
mod command;
mod env;
mod person;
mod plain;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

pub(super) use person::withdraw;
use tokio::sync::mpsc;

use super::{Actor, Ask, Handle, World};
use crate::{
    base::{Moment, Name, RunId},
    workflow::{
        machine::{self, Choice, Input, Work},
        model::Step,
        record::RunRecord,
        run::{About, Class, End, InstanceId, Phase},
    },
};

/// What a job is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobNews {
    /// The attempt shall end.
    Stop,
    /// Other outputs are asked for.
    AskAgain,
}

/// One attempt, as its job knows it.
pub(super) struct Job {
    pub(super) world: World,
    pub(super) handle: Handle,
    pub(super) record: RunRecord,
    /// The environment of whoever started the run.
    pub(super) env: Arc<BTreeMap<String, String>>,
    pub(super) step: Step,
    pub(super) path: String,
    pub(super) at: InstanceId,
    pub(super) attempt: u32,
    pub(super) asks: u32,
    pub(super) why: String,
    pub(super) boot: String,
    pub(super) since: Moment,
    /// The newest instance inside of it.
    pub(super) newest: Option<InstanceId>,
    inbox: mpsc::UnboundedSender<Ask>,
    pub(super) news: mpsc::UnboundedReceiver<JobNews>,
}

impl Job {
    /// The name of the attempt, unique in the home.
    pub(super) fn name(&self) -> String {
        format!("{}/{}.{}", self.record.id, self.at, self.attempt)
    }

    /// The same for every attempt: what outside systems may know it by.
    pub(super) fn idempotency_key(&self) -> String {
        format!("{}/{}", self.record.id, self.path)
    }

    /// The folder of the attempt.
    pub(super) fn folder(&self) -> PathBuf {
        folder(&self.world, &self.record.id, self.at, self.attempt)
    }

    pub(super) fn workspace(&self) -> Name {
        self.record.workspace.clone()
    }

    pub(super) fn ended(&self, end: End) {
        self.report(Input::Ended(self.at, self.attempt, end));
    }

    pub(super) fn linked(&self, to: impl Into<String>) {
        self.report(Input::Linked(self.at, self.attempt, to.into()));
    }

    pub(super) fn report(&self, input: Input) {
        let _ = self.inbox.send(Ask::Report(self.record.id.clone(), input));
    }

    /// Waits until the attempt shall end.
    pub(super) async fn stopped(&mut self) {
        loop {
            match self.news.recv().await {
                Some(JobNews::Stop) => return,
                Some(JobNews::AskAgain) => (),
                // The actor is gone: whoever comes after it takes this up again.
                None => std::future::pending().await,
            }
        }
    }
}

/// The folder of an attempt.
pub(crate) fn folder(world: &World, run: &RunId, at: InstanceId, attempt: u32) -> PathBuf {
    world.sessions.home().a_run(run.as_str()).join(format!("{at}.{attempt}"))
}

impl Actor {
    /// Starts the job of an instance that runs or is held.
    pub(super) fn start_job(&mut self, id: &RunId, at: InstanceId) {
        let Some((job, phase)) = self.job(id, at) else { return };
        let number = self.next_job;
        let done = (self.inbox.clone(), id.clone());
        let work = self.live.get(id).map(|live| machine::work(&live.run, at));
        match (phase, work) {
            (Phase::Running, Some(Ok(work))) => {
                tokio::spawn(async move {
                    run(job, work).await;
                    let _ = done.0.send(Ask::Idle(done.1, at, number));
                });
            }
            (Phase::Running, Some(Err(why))) => job.ended(End::bad(Class::Input, why)),
            (Phase::Held(about), _) => {
                tokio::spawn(async move {
                    person::hold(job, about).await;
                    let _ = done.0.send(Ask::Idle(done.1, at, number));
                });
            }
            (_, _) => (),
        }
    }

    fn job(&mut self, id: &RunId, at: InstanceId) -> Option<(Job, Phase)> {
        self.next_job += 1;
        let handle = Handle::new(self.world.clone(), self.inbox.clone(), self.news.clone());
        let live = self.live.get_mut(id)?;
        let env = live.env.get_or_insert_with(|| Arc::new(env::kept(&self.world, id))).clone();
        let instance = live.run.get(at);
        let (news, heard) = mpsc::unbounded_channel();
        live.jobs.insert(at, (self.next_job, news));
        let job = Job {
            world: self.world.clone(),
            handle,
            record: live.record.clone(),
            env,
            step: live.run.step_of(at).clone(),
            path: live.run.path(at),
            at,
            attempt: instance.attempt,
            asks: instance.asks,
            why: instance.why.as_deref().unwrap_or_default().to_owned(),
            boot: instance.boot.as_deref().unwrap_or_default().to_owned(),
            since: instance.since.unwrap_or_default(),
            newest: instance.children.last().copied(),
            inbox: self.inbox.clone(),
            news: heard,
        };
        Some((job, instance.phase.clone()))
    }

    /// Asks a person whether a run may cost more.
    pub(super) fn start_budget_job(&mut self, id: &RunId) {
        let Some(live) = self.live.get(id) else { return };
        let why = live.run.over_budget.clone().unwrap_or_default();
        let since = live.run.since.unwrap_or_default();
        let (world, record, inbox) = (self.world.clone(), live.record.clone(), self.inbox.clone());
        tokio::spawn(async move {
            if let Some((allow, by)) = person::budget(&world, &record, (why, since)).await {
                let _ = inbox.send(Ask::Report(record.id, Input::Budget(allow, by)));
            }
        });
    }

    pub(super) fn tell_job(&self, id: &RunId, at: InstanceId, news: JobNews) {
        let job = self.live.get(id).and_then(|live| live.jobs.get(&at));
        if let Some((_, job)) = job {
            let _ = job.send(news);
        }
    }
}

async fn run(job: Job, work: Work) {
    match work {
        Work::Command(ask) => command::run(job, ask).await,
        Work::Agent(ask) => agent::run(job, *ask).await,
        Work::Person(ask) => person::ask(job, ask).await,
        Work::Workflow(name, inputs) => plain::workflow(job, name, inputs).await,
        Work::Service(action, names) => plain::service(job, action, names).await,
        Work::Until(moment) => plain::until(job, moment).await,
        Work::Fact(kind, fields) => plain::fact(job, kind, fields).await,
        Work::Land(tasks, how) => plain::land(job, tasks, how).await,
        Work::Notify(title, body, level) => plain::notify(job, title, body, &level),
        Work::Learn(expert, proposal) => plain::learn(job, expert, proposal).await,
    }
}

/// The choices of a person about one that is held.
pub(super) fn choices(about: About) -> Vec<(Choice, &'static str, &'static str)> {
    let all = Choice::ALL.into_iter();
    match about {
        About::Exhausted => all
            .map(|(choice, word, says)| match choice {
                Choice::Retry => (choice, word, "go round once more"),
                Choice::GoOn | Choice::Fail => (choice, word, says),
            })
            .collect(),
        About::Error | About::Lost | About::Budget => all.collect(),
    }
}
