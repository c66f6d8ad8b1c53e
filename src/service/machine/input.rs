use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    health::{Answer, CheckRule, Counter},
    state::{Ended, Health, Phase, State, StopWhy, Why},
};
use crate::{
    base::Moment,
    service::model::{Kind, RestartRule},
};

/// Who wanted something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    /// gaia itself: `up`, a schedule, a dependency.
    Gaia,
    /// A person or program, by a verb or in the pane.
    Operator,
}

/// What a service is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// It shall run.
    Start { once: bool, by: By },
    /// It shall not run.
    Stop { by: By },
    /// It shall run afresh.
    Restart(Cause),
    /// Whether what it depends on is as it shall be.
    Conditions(Conditions),
    /// Its ports are free.
    Prepared,
    /// They are not, or something else is missing.
    Unprepared { why: String, permanent: bool },
    /// An incarnation runs.
    Started { incarnation: u32, preparing: bool },
    /// An incarnation ended.
    Exited(Ended),
    /// Nothing that an incarnation started runs any more.
    Emptied { incarnation: u32 },
    /// Its shim is gone, processes of it are not.
    Lost { incarnation: u32 },
    /// A probe was answered.
    Answered { incarnation: u32, check: usize, answer: Answer },
    /// The service asks for more time to start.
    Extend { incarnation: u32, ms: u64 },
    /// It went over a limit.
    Breached { incarnation: u32, what: String },
    /// A timer rang.
    Woke(Timer),
    /// Its schedule says now.
    Due,
    /// A person forgives its failures.
    Reset,
    /// A daemon that came back found it running.
    Adopted { incarnation: u32, preparing: bool },
    /// A daemon that came back found nothing.
    Absent,
    /// It has another pane than before.
    Moved,
    /// Other rules hold from now on, for the process that runs too.
    Redefined,
}

/// Why it shall run afresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A person or program asked.
    User,
    /// A watched file changed.
    Watch,
    /// Something it depends on was started again.
    Dependency,
    /// Its definition changed.
    Definition,
}

/// Whether what it depends on is as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conditions {
    /// It is.
    Met,
    /// Not yet: what is missing.
    Unmet(Vec<String>),
    /// It cannot be now: who is in the way.
    Blocked(Vec<String>),
}

/// What a service waits for the clock for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Its start, or its `pre_start` commands, take too long.
    Prepare(u32),
    /// It is not ready in time.
    Deadline(u32, u32),
    /// It may start again.
    Backoff(u32),
    /// It has been good for long enough.
    Stable(u32),
    /// Its stop takes too long.
    Stop(u32),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Say whether its conditions hold, now and whenever that may have changed.
    Check,
    /// Look at its ports and folders.
    Prepare,
    /// Run it.
    Spawn,
    /// Stop it, all of it.
    Stop { kill: bool },
    /// Kill what is left of it.
    Sweep,
    /// Say so after this many milliseconds.
    Wake(Timer, u64),
    /// It is up: run its `post_start` commands.
    Up,
    /// Gather what a person or an agent needs to see why it failed.
    Evidence,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// An incarnation runs.
    Started,
    /// It is ready.
    Ready,
    /// It is not ready any more.
    Unready(String),
    /// An incarnation ended.
    Exited(Ended),
    /// It will be started again after this many milliseconds.
    BackedOff(u64),
    /// Nothing of it runs, as wanted.
    Stopped,
    /// It ended well.
    Completed(Ended),
    /// It failed.
    Failed(Why),
    /// Processes of it do not end.
    Straggling,
    /// gaia cannot tell whether something of it runs.
    Lost,
    /// Its probes cannot be asked.
    Unprobed(String),
}

/// What the machine has to know of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// What an end means.
    pub(crate) kind: Kind,
    /// When it is started again.
    pub(crate) restart: RestartRule,
    /// Milliseconds for the way to ready.
    pub(crate) start_ms: u64,
    /// Milliseconds for the `pre_start` commands.
    pub(crate) prepare_ms: u64,
    /// Milliseconds after which a stop has taken too long: hooks, grace and some.
    pub(crate) stop_ms: u64,
    /// The probes.
    pub(crate) checks: Vec<CheckRule>,
}

/// When something is decided, and a throw of dice for the pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// By the clock on the wall.
    pub(crate) at: Moment,
    /// Any number.
    pub(crate) dice: u16,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) state: State,
    pub(crate) effects: Vec<Effect>,
    pub(crate) told: Vec<Told>,
}

/// A decision in the making.
pub(super) struct Stepper<'a> {
    pub(super) rules: &'a Rules,
    pub(super) now: Now,
    pub(super) next: State,
    effects: Vec<Effect>,
    told: Vec<Told>,
}

impl<'a> Stepper<'a> {
    pub(super) fn new(rules: &'a Rules, state: &State, now: Now) -> Self {
        Self { rules, now, next: state.clone(), effects: vec![], told: vec![] }
    }

    pub(super) fn done(self) -> Step {
        Step { state: self.next, effects: self.effects, told: self.told }
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn tell(&mut self, told: Told) {
        self.told.push(told);
    }

    pub(super) fn phase(&mut self, phase: Phase) {
        if self.next.phase.word() != phase.word() {
            self.next.since = self.now.at;
        }
        self.next.phase = phase;
    }

    /// Earlier failures do not count any more.
    pub(super) fn forgive(&mut self) {
        self.next.attempt = 0;
        self.next.ledger.clear();
    }

    /// It shall start as soon as its conditions hold.
    pub(super) fn wait(&mut self) {
        self.next.health = Health::Unknown;
        self.phase(Phase::Waiting(vec![]));
        self.effect(Effect::Check);
    }

    /// Nothing of it runs, as wanted.
    pub(super) fn rest(&mut self) {
        self.next.health = Health::Unknown;
        self.phase(Phase::Down);
        self.tell(Told::Stopped);
    }

    /// A life begins: nothing is known of its health.
    pub(super) fn begin_life(&mut self, incarnation: u32, tell: bool) {
        self.next.incarnation = incarnation;
        self.next.started = Some(self.now.at);
        self.next.health = Health::Unknown;
        self.next.checks = vec![Counter::default(); self.rules.checks.len()];
        if tell {
            self.tell(Told::Started);
        }
    }

    /// It is to end; what follows is in `why`.
    pub(super) fn begin_stop(&mut self, why: StopWhy) {
        self.next.health = Health::Unknown;
        self.phase(Phase::Stopping { why, since: self.now.at });
        self.effect(Effect::Stop { kill: false });
        self.watch_stop();
    }

    /// It has ended and left processes behind: its shim is ending those.
    pub(super) fn begin_sweep(&mut self, _ended: Ended) {
        self.next.health = Health::Unknown;
        self.phase(Phase::Stopping { why: StopWhy::Sweep, since: self.now.at });
        self.watch_stop();
    }

    /// It is about to run, or its `pre_start` commands do.
    pub(super) fn watch_prepare(&mut self) {
        self.next.deadline += 1;
        let timer = Timer::Prepare(self.next.deadline);
        self.effect(Effect::Wake(timer, self.rules.prepare_ms));
    }

    fn watch_stop(&mut self) {
        self.next.stops += 1;
        self.effect(Effect::Wake(Timer::Stop(self.next.stops), self.rules.stop_ms));
    }

    /// A stop under way gets another reason.
    pub(super) fn stop_because(&mut self, why: StopWhy) {
        if let Phase::Stopping { since, .. } = self.next.phase {
            self.phase(Phase::Stopping { why, since });
        }
    }
}
