//! What an attempt does while it runs: its output, its hooks, its time; and its end.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{
    book::Used,
    finish,
    hand::{self, Hand},
    job::{Halt, Job, News},
    make, spec,
};
use crate::{
    agent::{
        delivery::Receipt as Rung,
        driver::{Outcome, Reader, Sign as Told, hook::HookEvent},
        evidence::{self, Hook, Rules, Screen, Sign, Standing, Watch, judge},
        fact::{AgentSeen, TaskDelivered},
        model::Step,
    },
    base::{
        Moment, UnitId,
        unit::{Exit, Reason},
        wire::Ask as ShimAsk,
    },
    inbox::{Level, Notice},
    meter::{Key, Micros, Reading, Usage, Verdict},
    port::UnitEvent,
};

/// Output is read in pieces of this size.
const PIECE: usize = 256 << 10;
/// A screen is judged this long after it moved, however much it moves.
const JUDGE: Duration = Duration::from_millis(100);
/// A screen that is found again is built from this much of its output.
const TAIL: u64 = 1 << 20;

/// What is known of an attempt that runs.
pub(super) struct Mind {
    pub(super) unit: UnitId,
    pub(super) watch: Watch,
    reader: Option<Reader>,
    pub(super) screen: Option<(Rules, Screen)>,
    from: u64,
    /// When the screen is judged next.
    judge_at: Option<Moment>,
    deadline: Option<Moment>,
    pub(super) hand: Option<Hand>,
    /// Its end was asked for, and why.
    pub(super) ending: Option<String>,
}

/// Follows an attempt to its end.
pub(super) async fn watch(
    job: &mut Job,
    news: &mut mpsc::UnboundedReceiver<News>,
) -> Result<(), Halt> {
    hand::after_restart(job).await?;
    let mut mind = Mind::new(job).await?;
    let units = job.world.sessions.ports().units.clone();
    let mut growth = units.growth(&mind.unit);
    make::start(job).await?;
    if let Some(exit) = past_exit(job, &mind.unit).await {
        return mind.end(job, exit).await;
    }
    loop {
        let pause = mind.pause(job.world.now());
        tokio::select! {
            biased;
            one = news.recv() => match one {
                Some(News::Unit(event)) => match mind.hear(job, event).await? {
                    Life::GoesOn => (),
                    Life::Ended(exit) => return mind.end(job, exit).await,
                },
                Some(other) => mind.take(job, other).await?,
                None => return Err(Halt::Blind),
            },
            grown = growth.changed() => match grown {
                Ok(()) => mind.read(job).await?,
                Err(_) => growth = units.growth(&mind.unit),
            },
            () = wait(pause) => mind.ring(job).await?,
        }
    }
}

/// Waits for a pause, or for ever.
#[expect(clippy::disallowed_methods, reason = "the one sleep of a job")]
async fn wait(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

/// How a program ended while nobody listened.
async fn past_exit(job: &Job, unit: &UnitId) -> Option<Option<Exit>> {
    let found = job.world.sessions.ports().units.found(unit).await.ok()?;
    let ran = found.claim.as_ref().is_some_and(|claim| claim.incarnation > 0);
    match (found.exit, found.alive) {
        (Some(exit), _) => Some(Some(exit)),
        (None, false) if ran => Some(None),
        (None, _) => None,
    }
}

/// Whether a program goes on.
enum Life {
    GoesOn,
    Ended(Option<Exit>),
}

impl Mind {
    async fn new(job: &Job) -> Result<Self, Halt> {
        let unit = job.unit()?;
        let driver = spec::load(job).map_err(Halt::Failed)?;
        let silence = job.agent.silence_ms;
        let silence = if silence == 0 { u64::MAX / 4 } else { silence };
        let (now, began) = (job.world.now(), job.attempt().started);
        let deadline = match job.task.wanted.timeout_ms.unwrap_or(job.agent.timeout_ms) {
            0 => None,
            span => Some(Moment(began.0 + span)),
        };
        let headless = spec::is_headless(job);
        let rules = driver.rules().cloned().filter(|_| !headless);
        let units = &job.world.sessions.ports().units;
        let state = units.connect(&unit).await.ok();
        let (cols, rows) = state.as_ref().map_or((200, 50), |state| (state.cols, state.rows));
        let end = state.map_or(0, |state| state.log_end);
        let from = if headless { 0 } else { end.saturating_sub(TAIL) };
        Ok(Self {
            unit,
            watch: Watch::new(silence, now),
            reader: headless.then(|| Reader::new(&driver)),
            screen: rules.map(|rules| (rules, Screen::new(cols, rows))),
            from,
            judge_at: None,
            deadline,
            hand: hand::first(job),
            ending: None,
        })
    }

    /// How long nothing has to be looked at.
    fn pause(&self, now: Moment) -> Option<Duration> {
        let hand = self.hand.as_ref().and_then(|hand| hand.wake());
        let all = [self.judge_at, self.deadline, self.watch.wake(), hand];
        let next = all.into_iter().flatten().min()?;
        // One millisecond more, so that what was waited for is due.
        Some(Duration::from_millis(next.0.saturating_sub(now.0).min(60_000) + 1))
    }

    /// Something that was waited for is due.
    async fn ring(&mut self, job: &mut Job) -> Result<(), Halt> {
        let now = job.world.now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.stop(job, "its time is over").await;
        }
        if self.judge_at.is_some_and(|at| at <= now) || self.watch.wake().is_some_and(|w| w <= now)
        {
            self.judge_at = None;
            self.judge(job).await?;
        }
        let change = self.watch.take(Sign::Tick, now);
        self.tell(job, change.map(|change| change.now)).await?;
        hand::go_on(self, job).await
    }

    /// Reads what the program has written since.
    async fn read(&mut self, job: &mut Job) -> Result<(), Halt> {
        let units = job.world.sessions.ports().units.clone();
        loop {
            let span = units.output(&self.unit, self.from, PIECE).await;
            let Ok(span) = span else { return Ok(()) };
            if span.bytes.is_empty() {
                return Ok(());
            }
            self.from = span.from + span.bytes.len() as u64;
            self.feed(job, &span.bytes).await?;
        }
    }

    async fn feed(&mut self, job: &mut Job, bytes: &[u8]) -> Result<(), Halt> {
        let now = job.world.now();
        let change = self.watch.take(Sign::Output, now);
        self.tell(job, change.map(|change| change.now)).await?;
        if let Some((_, screen)) = &mut self.screen {
            screen.feed(bytes);
            let at = Moment(now.0 + JUDGE.as_millis() as u64);
            self.judge_at = Some(self.judge_at.unwrap_or(at));
            if let Some(hand) = &mut self.hand {
                hand.output(now);
            }
        }
        let told = self.reader.as_mut().map(|reader| reader.feed(bytes)).unwrap_or_default();
        for one in told {
            self.told(job, one).await?;
        }
        Ok(())
    }

    /// A headless program says something.
    async fn told(&mut self, job: &mut Job, told: Told) -> Result<(), Halt> {
        let now = job.world.now();
        accepted(job).await?;
        let hook = match told {
            Told::Session(session) => {
                if job.attempt().session != session {
                    job.note(|attempt| attempt.session = session).await?;
                }
                Hook::Started
            }
            Told::Retrying { .. } => {
                let standing = Standing {
                    state: evidence::State::Retrying,
                    since: now,
                    source: evidence::Source::Hook,
                    rule: "output retry".to_owned(),
                    evidence: "it tries again by itself".to_owned(),
                };
                return self.tell(job, Some(standing)).await;
            }
            Told::Limited { until } => {
                Hook::Limited { until: until.map(|seconds| Moment(seconds * 1000).show()) }
            }
            Told::StopNow { why, .. } => {
                self.stop(job, &why).await;
                return Ok(());
            }
            Told::Spent { tokens, cost_micros } => {
                return self.spent(job, tokens, cost_micros).await;
            }
            Told::Denied(what) => {
                job.note(|attempt| attempt.denials.push(what)).await?;
                Hook::Tool
            }
            Told::Text(_) => Hook::Tool,
        };
        // A headless program that has begun works until it ends.
        let hook = if hook == Hook::Started { Hook::Prompt } else { hook };
        let change = self.watch.take(Sign::Hook(hook, String::new()), now);
        self.tell(job, change.map(|change| change.now)).await
    }

    /// It has used so much so far: one that is beyond its budget is ended.
    async fn spent(
        &mut self,
        job: &mut Job,
        tokens: crate::agent::driver::Tokens,
        cost_micros: Option<u64>,
    ) -> Result<(), Halt> {
        let key = Key { task: job.task.id.to_string(), attempt: job.attempt().number };
        let model = job.agent.model.clone().unwrap_or_else(|| job.agent.driver.clone());
        let usage = Usage { tokens: tokens.into(), cost: cost_micros.map(Micros) };
        // What counts the whole conversation is booked at its end.
        if job.attempt().resume.is_some() {
            return Ok(());
        }
        let used = Used { key, model, reading: Reading::Total(usage) };
        let verdict = job.world.desk.used(used).await?;
        if matches!(verdict, Verdict::Stop { .. }) {
            self.stop(job, &format!("its budget is used up: {}", verdict.show())).await;
        }
        Ok(())
    }

    /// Judges the screen.
    pub(super) async fn judge(&mut self, job: &mut Job) -> Result<(), Halt> {
        let Some((rules, screen)) = &self.screen else { return Ok(()) };
        let judgement = judge(rules, screen);
        let now = job.world.now();
        let change = self.watch.take(Sign::Judged(judgement.clone()), now);
        if let Some(hand) = &mut self.hand {
            hand.judged(judgement, now);
        }
        self.tell(job, change.map(|change| change.now)).await?;
        hand::go_on(self, job).await
    }

    /// Something comes from elsewhere.
    async fn take(&mut self, job: &mut Job, news: News) -> Result<(), Halt> {
        let now = job.world.now();
        match news {
            News::Hook(event) => self.hook(job, event).await,
            News::Waits(Some(what)) => {
                let change = self.watch.take(Sign::Hook(Hook::Question, what), now);
                self.tell(job, change.map(|change| change.now)).await
            }
            News::Waits(None) => {
                let change = self.watch.take(Sign::Hook(Hook::Tool, String::new()), now);
                self.tell(job, change.map(|change| change.now)).await
            }
            News::Finished => Ok(()),
            News::Send(text, reply) => hand::begin(self, job, text, reply).await,
            News::Interrupt => {
                let keys = spec::load(job)
                    .map(|driver| driver.keys().interrupt.clone())
                    .unwrap_or_default();
                if let Some(pane) = job.world.sessions.tmux_pane(&self.unit) {
                    let _ = job.world.sessions.ports().tmux.keys(&pane, &keys).await;
                }
                Ok(())
            }
            News::Cancel => {
                self.stop(job, "a person cancelled it").await;
                self.ending = Some("cancelled".to_owned());
                Ok(())
            }
            News::Unit(_) => Ok(()),
        }
    }

    /// Its program says something through a hook.
    async fn hook(&mut self, job: &mut Job, event: HookEvent) -> Result<(), Halt> {
        let now = job.world.now();
        let (hook, said) = match event {
            HookEvent::Started { session } => {
                if let Some(session) = session.filter(|s| *s != job.attempt().session) {
                    job.note(|attempt| attempt.session = session).await?;
                }
                (Hook::Started, String::new())
            }
            HookEvent::Prompt { .. } => {
                if let Some(hand) = &mut self.hand {
                    hand.confirmed();
                }
                accepted(job).await?;
                (Hook::Prompt, String::new())
            }
            HookEvent::ToolBefore { tool, .. } | HookEvent::ToolAfter { tool } => {
                (Hook::Tool, tool)
            }
            HookEvent::Permission { tool, what, .. } => {
                (Hook::Permission, format!("{tool}: {what}"))
            }
            HookEvent::TurnEnded { text } => {
                let said = text.clone().unwrap_or_default();
                if !spec::is_headless(job) {
                    let change = self.watch.take(Sign::Hook(Hook::Idle, said), now);
                    self.tell(job, change.map(|change| change.now)).await?;
                    return finish::turn_ended(self, job, text).await;
                }
                return Ok(());
            }
            HookEvent::Failed { text, .. } => (Hook::Failed, text),
            HookEvent::Notice { .. } | HookEvent::Ended | HookEvent::Other => return Ok(()),
        };
        let change = self.watch.take(Sign::Hook(hook, said), now);
        self.tell(job, change.map(|change| change.now)).await?;
        hand::go_on(self, job).await
    }

    /// Its shim tells something.
    async fn hear(&mut self, job: &mut Job, event: UnitEvent) -> Result<Life, Halt> {
        match event {
            UnitEvent::Started(state) | UnitEvent::Hello(state) if !state.held => {
                if let Some(exit) = state.exit {
                    return Ok(Life::Ended(Some(exit)));
                }
                submitted(job).await?;
                if let Some((_, screen)) = &mut self.screen {
                    screen.resize(state.cols, state.rows);
                }
                Ok(Life::GoesOn)
            }
            UnitEvent::Started(_) | UnitEvent::Hello(_) | UnitEvent::Emptied(..) => {
                Ok(Life::GoesOn)
            }
            UnitEvent::Exit(exit) => Ok(Life::Ended(Some(exit))),
            UnitEvent::Gone(unit) => {
                let units = &job.world.sessions.ports().units;
                let found = units.found(&unit).await.unwrap_or_default();
                if found.alive && units.connect(&unit).await.is_ok() {
                    return Ok(Life::GoesOn);
                }
                Ok(Life::Ended(found.exit))
            }
        }
    }

    /// Tells what it does now.
    async fn tell(&mut self, job: &mut Job, now: Option<Standing>) -> Result<(), Halt> {
        let Some(standing) = now else { return Ok(()) };
        if standing.state == evidence::State::Stalled {
            self.stalled(job, &standing).await;
        }
        job.change(move |task, decision| {
            let id = task.id;
            if let Some(attempt) = task.attempts.last_mut() {
                attempt.seen = standing.clone();
                decision.fact(&AgentSeen {
                    task: id,
                    attempt: attempt.number,
                    agent: attempt.agent.clone(),
                    state: standing.state.to_string(),
                    rule: standing.rule,
                    evidence: standing.evidence.chars().take(200).collect(),
                });
            }
        })
        .await
    }

    /// It claims to work and nothing moves: a person is told; one that nobody sees is ended.
    async fn stalled(&mut self, job: &Job, standing: &Standing) {
        let notice = Notice {
            kind: "agent-stalled".to_owned(),
            level: Level::Warning,
            title: format!("{} ({}) does not move", job.task.id, job.agent.name),
            body: standing.evidence.clone(),
            workspace: Some(job.task.workspace.clone()),
            agent: Some(job.agent.name.to_string()),
            task: Some(job.task.id.to_string()),
        };
        job.world.people.notify(notice);
        if self.reader.is_some() {
            self.stop(job, &standing.evidence).await;
        }
    }

    /// Ends its program, with all it has started.
    pub(super) async fn stop(&mut self, job: &Job, why: &str) {
        self.ending.get_or_insert_with(|| why.to_owned());
        let ask = ShimAsk::Stop { grace_ms: None, close: false, signal: None };
        if let Err(error) = job.world.sessions.ports().units.ask(&self.unit, ask).await {
            tracing::warn!(task = %job.task.id, %error, "cannot be stopped");
        }
    }

    /// Its program has ended.
    async fn end(mut self, job: &mut Job, exit: Option<Exit>) -> Result<(), Halt> {
        self.read(job).await?;
        let code = exit.as_ref().map(|exit| (exit.code, exit.signal));
        let sign = match &exit {
            Some(exit) => Sign::Exited(exit.code),
            None => Sign::Lost,
        };
        let change = self.watch.take(sign, job.world.now());
        self.tell(job, change.map(|change| change.now)).await?;
        let not_started = exit.as_ref().and_then(|exit| match &exit.reason {
            Reason::NotStarted(why) => Some(why.clone()),
            Reason::Exited | Reason::Stopped | Reason::Hangup | Reason::ServerExit => None,
        });
        let outcome: Option<Outcome> = match (self.reader.take(), not_started) {
            (_, Some(why)) => return Err(Halt::Failed(why)),
            (Some(reader), None) => Some(reader.end(code)),
            (None, None) => None,
        };
        finish::ended(self, job, exit, outcome).await
    }
}

/// Its program runs with the prompt it was given.
async fn submitted(job: &mut Job) -> Result<(), Halt> {
    receipt(job, Rung::Submitted, |way| way == "start").await
}

/// It shows that it has its prompt.
pub(super) async fn accepted(job: &mut Job) -> Result<(), Halt> {
    receipt(job, Rung::Accepted, |way| way == "start").await
}

/// How far a receipt is on its ladder; what is over is the last rung.
fn height(rung: &Rung) -> u8 {
    match rung {
        Rung::Queued => 0,
        Rung::Typed => 1,
        Rung::Submitted => 2,
        Rung::Accepted | Rung::Refused(_) | Rung::Unknown(_) => 3,
    }
}

/// Raises the receipt of the prompt; it never falls.
pub(super) async fn receipt(
    job: &mut Job,
    state: Rung,
    of: impl Fn(&str) -> bool,
) -> Result<(), Halt> {
    let now = job.world.now();
    let receipt = job.attempt().receipt.as_ref();
    if !receipt.is_some_and(|r| height(&r.state) < height(&state) && of(&r.way)) {
        return Ok(());
    }
    job.change(move |task, decision| {
        let id = task.id;
        let Some(attempt) = task.attempts.last_mut() else { return };
        if state == Rung::Accepted {
            attempt.step = Step::Delivered;
        }
        if let Some(receipt) = &mut attempt.receipt {
            (receipt.state, receipt.at) = (state.clone(), now);
            decision.fact(&TaskDelivered {
                task: id,
                attempt: attempt.number,
                state,
                bytes: receipt.bytes,
                digest: receipt.digest.clone(),
            });
        }
    })
    .await
}
