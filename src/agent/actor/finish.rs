//! What came of an attempt: its work is kept and checked, its account is settled, and its task
//! goes on, waits, or is over.

use super::{
    job::{Halt, Job},
    mind::Mind,
    question::{raise, withdraw},
    spec,
};
use crate::{
    agent::{
        delivery::Receipt as Rung,
        driver::{Class, Outcome},
        end::Over,
        fact::FenceRefused,
        machine::{End, Next, Patience, after},
        model::{State, Step},
    },
    base::{
        Moment,
        unit::{Exit, Spec},
    },
    guard,
    meter::{Final, Grows, Key, Micros, Reading, Tokens, Usage},
};

/// How an attempt ended, put together from all that is known.
struct Conclusion {
    class: Class,
    why: Option<String>,
    text: Option<String>,
    turns: Option<u32>,
    until: Option<Moment>,
    exit: Option<Exit>,
    denials: Vec<String>,
    used: Final,
    /// A report of the whole conversation that later attempts at it begin from.
    begins: Option<(String, Usage)>,
}

impl Conclusion {
    /// One of which no more is known than how it ended and what it used.
    fn new(class: Class, why: Option<String>, used: Final) -> Self {
        Self {
            class,
            why,
            text: None,
            turns: None,
            until: None,
            exit: None,
            denials: vec![],
            used,
            begins: None,
        }
    }
}

/// Its program has ended.
pub(super) async fn ended(
    mut mind: Mind,
    job: &mut Job,
    exit: Option<Exit>,
    outcome: Option<Outcome>,
) -> Result<(), Halt> {
    seal(job, &mind).await;
    if job.attempt().ended.is_some() {
        // Its work was done before: a person, or gaia, has closed it.
        recount(job).await?;
        return job.note(move |attempt| (attempt.exit, attempt.step) = (exit, Step::Ended)).await;
    }
    let conclusion = match outcome {
        Some(outcome) => of_outcome(job, outcome, exit),
        None => in_its_screen(job, exit),
    };
    let conclusion = match mind.ending.take() {
        None => conclusion,
        Some(why) if why == CANCELLED => return cancelled(job).await,
        Some(why) if conclusion.class != Class::Done => {
            let class = if why.contains("budget") { Class::Budget } else { stopped(&conclusion) };
            Conclusion { class, why: Some(why), ..conclusion }
        }
        Some(_) => conclusion,
    };
    conclude(job, conclusion).await
}

/// Why a job is stopped when a person cancels its task.
pub(super) const CANCELLED: &str = "cancelled";

/// One that gaia stopped for time or silence may go better another time.
fn stopped(conclusion: &Conclusion) -> Class {
    match conclusion.class {
        Class::Killed | Class::Crashed => Class::Failed,
        other => other,
    }
}

fn of_outcome(job: &Job, outcome: Outcome, exit: Option<Exit>) -> Conclusion {
    let Outcome { class, text, why, turns, tokens, cumulative, cost_micros, .. } = outcome;
    let usage = Usage { tokens: tokens.into(), cost: cost_micros.map(Micros) };
    let session = outcome.session.unwrap_or_else(|| job.attempt().session.clone());
    let fresh = job.attempt().resume.is_none();
    let session_of = session.clone();
    let reading = match (cumulative, outcome.cost_cumulative) {
        // A conversation that began here has used what this attempt has used.
        _ if fresh => Reading::Total(usage),
        (true, _) => Reading::Counter { session: session_of, report: usage, grows: Grows::All },
        (false, true) => {
            Reading::Counter { session: session_of, report: usage, grows: Grows::Cost }
        }
        (false, false) => Reading::Total(usage),
    };
    let begins = (fresh && (cumulative || outcome.cost_cumulative)).then_some((session, usage));
    let silent = usage.tokens.total() == 0 && usage.cost.is_none();
    let model = job.agent.model.clone().unwrap_or_else(|| job.agent.driver.clone());
    Conclusion {
        class,
        why,
        text,
        turns,
        until: outcome.until.map(|seconds| Moment(seconds * 1000)),
        exit,
        denials: outcome.denials,
        begins,
        // One that was cut off has told nothing: the file it keeps may.
        used: if silent { spec::used(job) } else { Final::Reported(vec![(model, reading)]) },
    }
}

/// A program that works in its own screen tells by its exit alone; what it used is in its files.
fn in_its_screen(job: &Job, exit: Option<Exit>) -> Conclusion {
    let good = exit.as_ref().is_some_and(|exit| exit.code == Some(0));
    let (class, why) = match &exit {
        _ if good => (Class::Done, None),
        None => (Class::Crashed, "nobody saw how its program ended".to_owned().into()),
        Some(exit) => match (exit.code, exit.signal) {
            (Some(code), _) => (Class::Failed, Some(format!("its program ended with {code}"))),
            (None, Some(signal)) => {
                (Class::Killed, Some(format!("its program was ended by signal {signal}")))
            }
            (None, None) => (Class::Crashed, Some("its program ended".to_owned())),
        },
    };
    Conclusion { exit, ..Conclusion::new(class, why, spec::used(job)) }
}

/// An agent in its own screen has answered: its turn is its work.
pub(super) async fn turn_ended(
    mind: &mut Mind,
    job: &mut Job,
    text: Option<String>,
) -> Result<(), Halt> {
    // Its program may write its files after it has told that its turn is over.
    mind.recount_at = Some(Moment(job.world.now().0 + RECOUNT_MS));
    if job.attempt().ended.is_some() || job.task.wanted.prompt.is_empty() {
        return Ok(());
    }
    let used = spec::used(job);
    conclude(job, Conclusion { text, ..Conclusion::new(Class::Done, None, used) }).await
}

/// The turn of an agent in its own screen has failed.
pub(super) async fn turn_failed(
    job: &mut Job,
    class: Class,
    (why, until): (String, Option<Moment>),
) -> Result<(), Halt> {
    if job.attempt().ended.is_some() || job.task.wanted.prompt.is_empty() {
        return Ok(());
    }
    let used = spec::used(job);
    conclude(job, Conclusion { until, ..Conclusion::new(class, Some(why), used) }).await
}

/// After the end of a turn, its account is looked at once more in this time.
const RECOUNT_MS: u64 = 1_000;

/// What its program used beyond what was counted when its work was done.
pub(super) async fn recount(job: &mut Job) -> Result<(), Halt> {
    if job.attempt().ended.is_none() {
        return Ok(());
    }
    let key = Key { task: job.task.id.to_string(), attempt: job.attempt().number };
    let (tokens, cost) = job.world.desk.settle(key, spec::used(job)).await?;
    if (tokens, cost) == (job.attempt().tokens, job.attempt().cost) {
        return Ok(());
    }
    job.note(move |attempt| (attempt.tokens, attempt.cost) = (tokens, cost)).await
}

/// A program that has ended is not run again from its pane.
async fn seal(job: &Job, mind: &Mind) {
    let units = &job.world.sessions.ports().units;
    if let Ok(spec) = units.spec(&mind.unit).await {
        let sealed = Spec { rev: spec.rev + 1, argv: vec![], ..spec };
        if let Err(error) = units.prepare(&sealed).await {
            tracing::warn!(task = %job.task.id, %error, "its pane could run it again");
        }
    }
}

/// A step could not be made.
pub(super) async fn failed(job: &mut Job, why: String) {
    let conclusion = Conclusion::new(Class::Failed, Some(why), Final::Reported(vec![]));
    if let Err(Halt::Failed(why)) = conclude(job, conclusion).await {
        tracing::error!(task = %job.task.id, why, "cannot be brought to an end");
    }
}

/// A person does not want it any more.
pub(super) async fn cancelled(job: &mut Job) -> Result<(), Halt> {
    let key = Key { task: job.task.id.to_string(), attempt: job.attempt().number };
    let settled = job.world.desk.settle(key, spec::used(job)).await;
    withdraw(job).await;
    let now = job.world.now();
    job.change(move |task, decision| {
        let id = task.id;
        task.state = State::Cancelled;
        if let Some(attempt) = task.attempts.last_mut() {
            (attempt.ended, attempt.step) = (Some(now), Step::Ended);
            attempt.class = Some(Class::Killed);
            attempt.why = Some("a person cancelled it".to_owned());
            if let Ok((tokens, cost)) = settled {
                (attempt.tokens, attempt.cost) = (tokens, cost);
            }
        }
        decision.fact(&crate::agent::fact::TaskCancelled { task: id });
    })
    .await
}

async fn conclude(job: &mut Job, conclusion: Conclusion) -> Result<(), Halt> {
    let good = conclusion.class == Class::Done;
    super::output::keep(job);
    if good {
        // Whoever has done the work has had the prompt.
        super::receipt::raise(job, Rung::Accepted, |_| true).await?;
    }
    let violations = if good { keep_work(job).await? } else { vec![] };
    let missing = if good { missing(job) } else { vec![] };
    let (tokens, cost) = settle(job, &conclusion).await?;
    let end = End {
        class: conclusion.class,
        why: conclusion.why.unwrap_or_else(|| "it ended without a word".to_owned()),
        until: conclusion.until,
        resumable: job.attempt().receipt.is_some() && spec::resumes(job),
        missing,
        violations,
    };
    let now = job.world.now();
    let next = after(&end, patience(job, conclusion.class), now);
    if let (Class::Limited, Next::Again { until, .. }) = (conclusion.class, &next) {
        job.world.desk.limited(job.agent.driver.clone(), *until);
    }
    withdraw(job).await;
    let (why, item) = match &next {
        Next::Ask(question) => (question.show(), raise(job, question).await?),
        Next::Done | Next::Fail(_) | Next::Again { .. } => (end.why, String::new()),
    };
    let over = Over {
        now,
        class: conclusion.class,
        why,
        text: conclusion.text,
        turns: conclusion.turns,
        exit: conclusion.exit,
        denials: conclusion.denials,
        tokens,
        cost,
    };
    job.change(move |task, decision| {
        task.end_attempt(over, decision);
        task.go_on(next, item, decision);
    })
    .await
}

async fn settle(job: &Job, conclusion: &Conclusion) -> Result<(Tokens, Option<Micros>), Halt> {
    let key = Key { task: job.task.id.to_string(), attempt: job.attempt().number };
    let model = job.agent.model.clone().unwrap_or_else(|| job.agent.driver.clone());
    if let Some((session, report)) = conclusion.begins.clone() {
        job.world.desk.begins(session, model, report);
    }
    Ok(job.world.desk.settle(key, conclusion.used.clone()).await?)
}

fn patience(job: &Job, class: Class) -> Patience {
    let before = &job.task.attempts[..job.task.attempts.len() - 1];
    let counts = |attempt: &&crate::agent::model::Attempt| {
        attempt.next.as_ref().is_none_or(|next| next.counts)
    };
    let waits = before.iter().rev().take_while(|a| a.class == Some(Class::Limited)).count() as u32;
    Patience {
        tries: before.iter().filter(counts).count() as u32 + 1,
        retries: job.agent.retries,
        waits: waits + u32::from(class == Class::Limited),
    }
}

/// Commits what the agent has done, as its policy says, and holds it against its fence.
async fn keep_work(job: &mut Job) -> Result<Vec<String>, Halt> {
    let Some(tree) = job.task.tree.clone() else { return Ok(vec![]) };
    let git = job.world.ports.git.clone();
    if job.attempt().exit.is_some() || spec::is_headless(job) {
        // Its programs are gone: a lock of theirs, or of a daemon that was killed, holds nothing.
        git.unlock(&tree.work).await.map_err(super::make::halt)?;
    }
    if job.agent.fence.commit == guard::Commit::Gaia {
        let author = super::land::author(&job.world, &tree.repo).await;
        let message = super::land::message(&job.task);
        let committed = git.commit_all(&tree.repo, &tree.work, &message, &author).await;
        committed.map_err(super::make::halt)?;
    }
    let broken = super::check::violations(&job.world, &tree, &job.agent.fence).await;
    let broken = broken.map_err(super::make::halt)?;
    for what in &broken {
        let mut decision = crate::ledger::Decision::new();
        let task = Some(job.task.id);
        decision.fact(&FenceRefused { task, what: what.clone(), rule: "diff".to_owned() });
        job.world.desk.note(decision).await?;
    }
    Ok(broken)
}

/// Files that shall be there and are not.
fn missing(job: &Job) -> Vec<String> {
    let files = &job.world.sessions.ports().files;
    let cwd = spec::cwd(job);
    let wanted = job.task.wanted.deliverables.iter();
    wanted.filter(|file| !files.exists(&cwd.join(file))).cloned().collect()
}
