//! From the journal: what every instance did when, and how each of its attempts ended.

use std::collections::BTreeMap;

use crate::{
    base::Moment,
    meter::Micros,
    workflow::{
        run::{Class, Event, InstanceId, Told},
        view::RunView,
    },
};

/// What is done in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shade {
    /// An attempt that ended well, or goes on.
    Running,
    /// An attempt that did not end well.
    Failed,
    /// A pause before the next attempt.
    Pause,
    /// Nothing but time, or a fact.
    Waiting,
    /// A person is asked.
    Held,
    /// What is inside of it goes on.
    Open,
}

impl Shade {
    /// Its colours on the page.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Pause => "pause",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Open => "open",
        }
    }

    /// What it means.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Running => "at work",
            Self::Failed => "at work, did not end well",
            Self::Pause => "pause before the next try",
            Self::Waiting => "waits for a moment or a fact",
            Self::Held => "waits for a person",
            Self::Open => "steps inside",
        }
    }

    /// Whether something is done.
    pub(super) fn is_busy(self) -> bool {
        match self {
            Self::Running | Self::Failed => true,
            Self::Pause | Self::Waiting | Self::Held | Self::Open => false,
        }
    }
}

/// A span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    /// Its begin.
    pub(super) from: Moment,
    /// Its end.
    pub(super) to: Moment,
    /// What was done.
    pub(super) shade: Shade,
    /// Which attempt, if it is one.
    pub(super) attempt: Option<u32>,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Which, from 1.
    pub(super) number: u32,
    /// When it began.
    pub(super) from: Moment,
    /// When it ended.
    pub(super) to: Option<Moment>,
    /// How: none if well.
    pub(super) class: Option<Class>,
    /// Why, in words.
    pub(super) why: String,
    /// What it cost.
    pub(super) cost: Option<Micros>,
    /// How often it was asked again for outputs.
    pub(super) asks: u32,
}

/// What every instance did.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// Spans by instance.
    pub(super) bars: BTreeMap<InstanceId, Vec<Bar>>,
    /// Attempts by instance.
    pub(super) attempts: BTreeMap<InstanceId, Vec<Attempt>>,
    /// When nothing new was begun.
    pub(super) paused: Vec<(Moment, Moment)>,
    open: BTreeMap<InstanceId, (Moment, Shade)>,
    stopped: Option<Moment>,
}

impl Spans {
    /// Reads a journal; what goes on ends now.
    pub(super) fn of(view: &RunView, journal: &[Told], now: Moment) -> Self {
        let kinds = view.steps.iter().map(|step| (step.instance, step.kind.as_str())).collect();
        let mut spans = Self::default();
        for told in journal {
            for event in &told.events {
                spans.event(event, told.at, &kinds);
            }
        }
        let end = view.ended_at.unwrap_or(now);
        for at in spans.open.keys().copied().collect::<Vec<_>>() {
            spans.close(at, end, None);
        }
        spans.pause(None, end);
        spans
    }

    fn event(&mut self, event: &Event, now: Moment, kinds: &BTreeMap<InstanceId, &str>) {
        match event {
            Event::Intended { at, attempt, .. } => {
                let shade = match kinds.get(at).copied() {
                    Some("approval" | "question") => Shade::Held,
                    Some("wait") => Shade::Waiting,
                    Some(_) | None => Shade::Running,
                };
                self.begin(*at, now, shade);
                self.attempts.entry(*at).or_default().push(Attempt {
                    number: *attempt,
                    from: now,
                    to: None,
                    class: None,
                    why: String::new(),
                    cost: None,
                    asks: 0,
                });
            }
            Event::Opened { at } | Event::Expanded { at, .. } | Event::Repeated { at } => {
                let goes_on = self.open.get(at).is_some_and(|(_, shade)| *shade == Shade::Open);
                if !goes_on {
                    self.begin(*at, now, Shade::Open);
                }
            }
            Event::Waits { at, .. } => self.begin(*at, now, Shade::Pause),
            Event::Held { at, .. } => self.begin(*at, now, Shade::Held),
            Event::Ended { at, class, why, cost, .. } => {
                let shade = self.open.get(at).map(|(_, shade)| *shade);
                let failed = (shade == Some(Shade::Running)).then_some(Shade::Failed);
                self.close(*at, now, failed);
                self.end(*at, now, |attempt| {
                    (attempt.class, attempt.why, attempt.cost) = (Some(*class), why.clone(), *cost);
                });
            }
            Event::Done { at, cost, .. } => {
                self.close(*at, now, None);
                self.end(*at, now, |attempt| attempt.cost = *cost);
            }
            Event::Failed { at, .. } | Event::Skipped { at, .. } | Event::Dropped { at, .. } => {
                self.close(*at, now, None);
            }
            Event::AskedAgain { at, .. } => {
                if let Some(attempt) = self.attempts.entry(*at).or_default().last_mut() {
                    attempt.asks += 1;
                }
            }
            Event::Paused { paused } => self.pause(paused.then_some(now), now),
            Event::OverBudget { .. } => self.pause(Some(now), now),
            Event::Waived => self.pause(None, now),
            Event::Reset { these } => these.iter().for_each(|at| self.close(*at, now, None)),
            Event::Began
            | Event::Linked { .. }
            | Event::Stopping { .. }
            | Event::CancelAsked { .. }
            | Event::Finally
            | Event::Finished { .. } => (),
        }
    }

    fn begin(&mut self, at: InstanceId, now: Moment, shade: Shade) {
        self.close(at, now, None);
        self.open.insert(at, (now, shade));
    }

    /// The span an instance is in ends, perhaps as another one than it looked like.
    fn close(&mut self, at: InstanceId, now: Moment, as_if: Option<Shade>) {
        let Some((from, shade)) = self.open.remove(&at) else { return };
        let shade = as_if.unwrap_or(shade);
        let tries = shade.is_busy().then(|| self.attempts.get(&at)).flatten();
        let attempt = tries.and_then(|all| all.last()).map(|attempt| attempt.number);
        self.bars.entry(at).or_default().push(Bar { from, to: now, shade, attempt });
    }

    fn end(&mut self, at: InstanceId, now: Moment, say: impl FnOnce(&mut Attempt)) {
        let last = self.attempts.get_mut(&at).and_then(|all| all.last_mut());
        if let Some(attempt) = last.filter(|attempt| attempt.to.is_none()) {
            attempt.to = Some(now);
            say(attempt);
        }
    }

    fn pause(&mut self, since: Option<Moment>, now: Moment) {
        if let Some(from) = self.stopped.take() {
            self.paused.push((from, now));
        }
        self.stopped = since;
    }
}
