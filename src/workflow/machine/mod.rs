//! What happens next in a run: every decision of the engine.
//!
//! Pure: state and input in, events out; the state has taken them in already. Rooms: `next` and `list` (who can
//! begin, and what follows when one is over), `end` (what the end of an attempt means), `time`
//! (what is due), `stop` (cancelling), `again` (doing over), `effect` (what is to be done in the
//! world for what happened), `work` (what an attempt asks for, rendered), `room` (who gets a free
//! place).
//!
//! Invariants:
//! - One input, one list of events, stored whole or not at all.
//! - What is to be done follows from the state alone, so that a restart does it once more; all of
//!   it may be done twice.
#![deny(clippy::wildcard_enum_match_arm)]

mod again;
mod effect;
mod end;
mod list;
mod next;
mod room;
mod stop;
mod time;
mod work;

#[cfg(test)]
mod tests;

pub(crate) use effect::{Effect, effects, outstanding};
pub(crate) use room::{Claim, Room, grant};
pub(crate) use time::next_wake;
pub(crate) use work::{AgentAsk, CommandAsk, PersonAsk, Work, group, work};

use super::run::{About, Class, End, Event, InstanceId, Phase, Run, State};
use crate::base::Moment;

/// What a run is told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Input {
    /// It may begin.
    Begin,
    /// It found no room, and is not to wait.
    TurnAway(String),
    /// There is room for an attempt; the boot id of the machine.
    Grant(InstanceId, String),
    /// An attempt became something that has a name of its own.
    Linked(InstanceId, u32, String),
    /// An attempt ended.
    Ended(InstanceId, u32, End),
    /// An attempt has been silent too long.
    Silent(InstanceId, u32),
    /// A person has said what becomes of one that is held.
    Decided(InstanceId, Choice, String),
    /// A person has said whether it may cost more.
    Budget(bool, String),
    /// A moment has come.
    Wake,
    /// The daemon has come back.
    Recover,
    /// It is not wanted any more.
    Cancel(String),
    /// Nothing new is begun, or it goes on.
    Pause(bool),
    /// What did not end well is done again; or a step, with all that needs it.
    Retry(Option<InstanceId>),
}

/// What a person wants done with one that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Once more.
    Retry,
    /// The run goes on as if it had ended well.
    GoOn,
    /// It failed.
    Fail,
}

impl Choice {
    /// Every choice, its word, and what a person reads.
    pub(crate) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Retry, "retry", "try once more"),
        (Self::GoOn, "continue", "go on as if it had ended well"),
        (Self::Fail, "fail", "it failed"),
    ];

    /// The choice of this word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map(|(choice, ..)| *choice)
    }
}

/// Takes an input into a run; what happened. Nothing, if it makes no difference.
pub(crate) fn advance(run: &mut Run, input: Input, now: Moment) -> Vec<Event> {
    let mut machine = Machine { run, now, events: vec![], agenda: vec![] };
    machine.take(input);
    machine.follow_up();
    machine.events
}

/// A run while it takes an input.
struct Machine<'a> {
    run: &'a mut Run,
    now: Moment,
    events: Vec<Event>,
    /// Instances that are over, and whose neighbours have not heard of it yet.
    agenda: Vec<InstanceId>,
}

impl Machine<'_> {
    fn take(&mut self, input: Input) {
        match input {
            Input::Begin => self.begin(),
            Input::TurnAway(_) if self.run.state != State::Queued => (),
            Input::TurnAway(by) => {
                self.emit(Event::CancelAsked { by, state: State::Skipped });
                self.emit(Event::Finished { state: State::Skipped, outputs: None });
            }
            Input::Grant(at, boot) => self.intend(at, boot),
            Input::Linked(at, attempt, to) => {
                let same = self.run.get(at).link.as_deref() == Some(&to);
                if self.is_current(at, attempt) && !same {
                    self.emit(Event::Linked { at, to });
                }
            }
            Input::Ended(at, attempt, end) => {
                if self.is_current(at, attempt) {
                    self.ended(at, end);
                }
            }
            Input::Silent(at, attempt) => {
                if self.is_current(at, attempt) {
                    self.stop_one(at, Class::Timeout);
                }
            }
            Input::Decided(at, choice, by) => self.decided(at, choice, &by),
            Input::Budget(allow, by) => self.budget(allow, by),
            Input::Wake => self.wake(),
            Input::Recover => {
                self.recover();
                self.wake();
            }
            Input::Cancel(by) => self.cancel(by, State::Cancelled),
            Input::Pause(paused) => {
                if self.run.paused != paused && !self.run.state.is_over() {
                    self.emit(Event::Paused { paused });
                }
            }
            Input::Retry(from) => self.again(from),
        }
    }

    /// Something happened.
    fn emit(&mut self, event: Event) {
        self.run.apply(&event, self.now);
        if let Event::Done { at, .. }
        | Event::Failed { at, .. }
        | Event::Skipped { at, .. }
        | Event::Dropped { at, .. } = &event
        {
            self.agenda.push(*at);
        }
        self.events.push(event);
    }

    /// Tells the neighbours of what is over.
    fn follow_up(&mut self) {
        while let Some(at) = self.agenda.pop() {
            self.after(at);
        }
    }

    /// Whether this attempt is under way.
    fn is_current(&self, at: InstanceId, attempt: u32) -> bool {
        let known = (at as usize) < self.run.instances.len();
        known && self.run.get(at).attempt == attempt && self.run.get(at).phase == Phase::Running
    }

    fn begin(&mut self) {
        if self.run.state == State::Queued {
            self.emit(Event::Began);
            self.consider_all(&self.run.top.clone());
            self.finish_if_over();
        }
    }

    /// There is room: an attempt is intended.
    fn intend(&mut self, at: InstanceId, boot: String) {
        let instance = self.run.get(at);
        if instance.phase == Phase::Ready {
            let attempt = instance.attempt + 1;
            self.emit(Event::Intended { at, attempt, boot });
        }
    }

    fn budget(&mut self, allow: bool, by: String) {
        match (allow, &self.run.over_budget) {
            (_, None) => (),
            (true, Some(_)) => self.emit(Event::Waived),
            (false, Some(_)) => self.cancel(by, State::Cancelled),
        }
    }

    fn decided(&mut self, at: InstanceId, choice: Choice, by: &str) {
        let Phase::Held(about) = self.run.get(at).phase else { return };
        let why = self.run.get(at).why.as_deref().unwrap_or_default().to_owned();
        match (choice, about) {
            (Choice::Retry, About::Exhausted) => self.once_more(at),
            (Choice::Retry, About::Error | About::Lost) => {
                self.emit(Event::Waits { at, until: self.now });
                self.wake();
            }
            (Choice::GoOn, _) => {
                let output = match about {
                    About::Exhausted => self.run.gathered(at),
                    About::Error | About::Lost | About::Budget => serde_json::json!({}),
                };
                self.done(at, output);
            }
            (Choice::Fail, _) | (Choice::Retry, About::Budget) => {
                self.emit(Event::Failed { at, why: format!("{why} ({by} said so)") });
            }
        }
    }

    fn done(&mut self, at: InstanceId, output: serde_json::Value) {
        self.emit(Event::Done { at, output, cost: None, tokens: Default::default() });
    }
}
