//! What an attempt does while it runs: its output, its hooks, its time; and its end.

use std::time::Duration;

use tokio::sync::mpsc;

use super::{
    finish,
    hand::{self, Hand},
    job::{Halt, Job, News},
    make, receipt, spec,
};
use crate::{
    agent::{
        driver::{Class, Outcome, Reader},
        evidence::{self, Hook, Rules, Screen, Sign, Standing, Watch, judge},
        fact::AgentSeen,
        model::Step,
    },
    base::{
        Moment, UnitId,
        unit::{Exit, Reason},
        wire::Ask as ShimAsk,
    },
    inbox::{Level, Notice},
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
    pub(super) deadline: Option<Moment>,
    /// When what it used is counted once more.
    pub(super) recount_at: Option<Moment>,
    pub(super) hand: Option<Hand>,
    /// Its end was asked for, and why.
    pub(super) ending: Option<String>,
    /// When it is looked at what it has used, next.
    pub(super) use_at: Option<Moment>,
    /// Questions of it that wait for a person.
    asks: u32,
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
        let now = job.world.now();
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
            deadline: job.deadline(),
            // A turn may have ended while nobody counted.
            recount_at: job.attempt().ended.map(|_| now),
            hand: hand::first(job),
            ending: None,
            use_at: None,
            asks: 0,
        })
    }

    /// How long nothing has to be looked at.
    fn pause(&self, now: Moment) -> Option<Duration> {
        let hand = self.hand.as_ref().and_then(|hand| hand.wake());
        let all = [self.judge_at, self.deadline, self.recount_at, self.watch.wake(), hand];
        let next = all.into_iter().flatten().min()?;
        // One millisecond more, so that what was waited for is due.
        Some(Duration::from_millis(next.0.saturating_sub(now.0).min(60_000) + 1))
    }

    /// Whether it waits for a person's answer: what it wrote before says nothing about that.
    pub(super) fn asks(&self) -> bool {
        self.asks > 0
    }

    /// Something that was waited for is due.
    async fn ring(&mut self, job: &mut Job) -> Result<(), Halt> {
        let now = job.world.now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.stop(job, "its time is over").await;
        }
        if self.recount_at.is_some_and(|at| at <= now) {
            self.recount_at = None;
            finish::recount(job).await?;
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
        self.look_at_use(job).await
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
                self.asks += 1;
                let change = self.watch.take(Sign::Hook(Hook::Question, what), now);
                self.tell(job, change.map(|change| change.now)).await
            }
            News::Waits(None) => {
                self.asks = self.asks.saturating_sub(1);
                let change = self.watch.take(Sign::Hook(Hook::Tool, String::new()), now);
                self.tell(job, change.map(|change| change.now)).await
            }
            News::Finished => Ok(()),
            News::Send(text, mark, reply) => hand::begin(self, job, (text, mark), reply).await,
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
                self.ending = Some(finish::CANCELLED.to_owned());
                Ok(())
            }
            News::Unit(_) => Ok(()),
        }
    }

    /// Its shim tells something.
    async fn hear(&mut self, job: &mut Job, event: UnitEvent) -> Result<Life, Halt> {
        if *event.unit() != self.unit {
            // The pane of an earlier attempt gave way.
            return Ok(Life::GoesOn);
        }
        match event {
            UnitEvent::Started(state) | UnitEvent::Hello(state) if !state.held => {
                if let Some(exit) = state.exit {
                    return Ok(Life::Ended(Some(exit)));
                }
                receipt::submitted(job).await?;
                if self.reader.is_some() && self.watch.standing().state == evidence::State::Starting
                {
                    let sign = Sign::Hook(Hook::Prompt, "its program runs".to_owned());
                    let change = self.watch.take(sign, job.world.now());
                    self.tell(job, change.map(|change| change.now)).await?;
                }
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
    pub(super) async fn tell(&mut self, job: &mut Job, now: Option<Standing>) -> Result<(), Halt> {
        let Some(standing) = now else { return Ok(()) };
        if standing.state == evidence::State::Stalled {
            self.stalled(job, &standing).await;
        }
        // Hooks tell the end of a turn themselves, with the last words.
        let limited = match &standing.state {
            evidence::State::Limited { until } if self.reader.is_none() => {
                let seconds = until.as_deref().and_then(|until| until.trim().parse::<u64>().ok());
                Some((standing.evidence.clone(), seconds.map(|seconds| Moment(seconds * 1000))))
            }
            _ => None,
        };
        let rests = standing.state == evidence::State::Idle
            && matches!(standing.source, evidence::Source::Title | evidence::Source::Screen);
        let worked = matches!(
            job.attempt().seen.state,
            evidence::State::Working | evidence::State::Retrying | evidence::State::Stalled
        );
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
        .await?;
        if let Some(limited) = limited {
            return Box::pin(finish::turn_failed(job, Class::Limited, limited)).await;
        }
        let has_prompt = job.attempt().step == Step::Delivered && self.hand.is_none();
        if rests && worked && has_prompt && self.reader.is_none() {
            return Box::pin(finish::turn_ended(self, job, None)).await;
        }
        Ok(())
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
