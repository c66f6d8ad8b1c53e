//! The nouns of a run, and how its journal becomes its state.
//!
//! Pure. Rooms: `event` (what the journal says), `fold` (from events to the state), `scope` (what
//! references mean at a place), `import` (what of an earlier run still holds), `plan` (what is
//! computed once from a definition).
//!
//! Invariant: the state is a function of the definition and the events, and of nothing else.

mod event;
mod fold;
mod import;
mod plan;
mod scope;

use std::{collections::BTreeSet, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use event::{About, Class, End, Event, Told};
pub(crate) use import::Imports;
pub(crate) use plan::Plan;
pub(crate) use scope::Scope;

use super::model::StepIndex;
use crate::{
    base::Moment,
    meter::{Micros, Tokens},
};

/// Place of an instance in [`Run::instances`].
pub(crate) type InstanceId = u32;

/// A run, folded from its journal.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Its definition and what follows from it.
    pub(crate) plan: Arc<Plan>,
    /// What it was given.
    pub(crate) inputs: Arc<Map<String, Value>>,
    /// What `run.…` means.
    pub(crate) about: Arc<Map<String, Value>>,
    /// How far it is.
    pub(crate) state: State,
    /// Nothing new is begun.
    pub(crate) paused: bool,
    /// It goes no further: who said so, and how it is to end.
    pub(crate) cancelled: Option<(String, State)>,
    /// It has come to the steps at its end.
    pub(crate) finally: bool,
    /// It has cost more than it may: nothing new is begun.
    pub(crate) over_budget: Option<String>,
    /// When it began.
    pub(crate) started: Option<Moment>,
    /// Since when its time counts: when it began, or was last done over.
    pub(crate) since: Option<Moment>,
    /// When it was over.
    pub(crate) ended: Option<Moment>,
    /// What it gave back.
    pub(crate) outputs: Option<Value>,
    /// What its agents cost.
    pub(crate) cost: Option<Micros>,
    /// What its agents used.
    pub(crate) tokens: Tokens,
    /// A person let it go on beyond its budget.
    pub(crate) waived: bool,
    /// Results of an earlier run, taken over where nothing changed.
    imports: Arc<Imports>,
    /// Boot id of the newest attempt.
    boot: Arc<str>,
    /// What was given back last: most commands print nothing, and give back the same.
    given: Arc<Value>,
    /// Instances of steps, in the order they were made.
    pub(crate) instances: Vec<Instance>,
    /// Those at the top.
    pub(crate) top: Vec<InstanceId>,
    /// Those at its end.
    pub(crate) last: Vec<InstanceId>,
    /// How many of both are not over.
    pub(crate) left: u32,
    /// Those that run, wait or ask.
    pub(crate) active: BTreeSet<InstanceId>,
    /// Those that could begin, if there is room: priority (negative), then age.
    pub(crate) ready: BTreeSet<(i32, InstanceId)>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It waits for room in its group.
    Queued,
    /// It is under way.
    Running,
    /// Every step that had to ended well.
    Done,
    /// A step failed.
    Failed,
    /// A person, or another run, did not want it any more.
    Cancelled,
    /// It found no room, and was not to wait.
    Skipped,
}

impl State {
    /// One word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }

    /// Whether nothing more happens by itself.
    pub(crate) fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Done | Self::Failed | Self::Cancelled | Self::Skipped => true,
        }
    }
}

/// One doing of a step.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// The step.
    pub(crate) step: StepIndex,
    /// The instance it is inside of.
    pub(crate) parent: Option<InstanceId>,
    /// What it is of its step.
    pub(crate) role: Role,
    /// How far it is.
    pub(crate) phase: Phase,
    /// Attempts so far.
    pub(crate) attempt: u32,
    /// Attempts that failed since it was last begun anew; a lost one does not count.
    pub(crate) failures: u32,
    /// Attempts lost one after the other.
    pub(crate) lost: u32,
    /// How often it was asked again for outputs in the present attempt.
    pub(crate) asks: u32,
    /// Boot id of the machine when the present attempt was intended.
    pub(crate) boot: Option<Arc<str>>,
    /// What the present attempt became: a task, a run, an item of the inbox.
    pub(crate) link: Option<Arc<str>>,
    /// The present attempt is to end: why.
    pub(crate) ending: Option<Class>,
    /// Instances inside of it: of its body, of its list, of its times.
    pub(crate) children: Vec<InstanceId>,
    /// How many of them are not over.
    pub(crate) left: u32,
    /// How many of these are begun.
    pub(crate) begun: u32,
    /// What it gave back: an object, or a list of them for a list.
    pub(crate) output: Option<Arc<Value>>,
    /// Why it is as it is, if that needs words.
    pub(crate) why: Option<Arc<str>>,
    /// When it was first begun.
    pub(crate) started: Option<Moment>,
    /// When its present attempt began.
    pub(crate) since: Option<Moment>,
    /// When it was over.
    pub(crate) ended: Option<Moment>,
    /// What its agents cost.
    pub(crate) cost: Option<Micros>,
}

/// What an instance is of its step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    /// All of it.
    Whole,
    /// One of a list.
    Item {
        /// What it is known by.
        key: Arc<str>,
        /// The value.
        value: Arc<Value>,
    },
    /// One time of a loop, from 1.
    Time(u32),
}

/// How far an instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It needs others first.
    Blocked,
    /// It could begin.
    Ready,
    /// An attempt is under way.
    Running,
    /// What is inside of it is under way.
    Open,
    /// It waits for a moment.
    Waiting(Moment),
    /// It waits for a person.
    Held(About),
    /// It ended well.
    Done,
    /// It failed.
    Failed,
    /// It was not done.
    Skipped,
    /// It was not wanted any more.
    Cancelled,
}

impl Phase {
    /// One word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Ready => "ready",
            Self::Running | Self::Open => "running",
            Self::Waiting(_) => "waiting",
            Self::Held(_) => "held",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more happens with it by itself.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Blocked
            | Self::Ready
            | Self::Running
            | Self::Open
            | Self::Waiting(_)
            | Self::Held(_) => false,
            Self::Done | Self::Failed | Self::Skipped | Self::Cancelled => true,
        }
    }
}

impl Run {
    /// A run of which nothing has happened yet.
    pub(crate) fn new(
        plan: Arc<Plan>,
        inputs: Arc<Map<String, Value>>,
        about: Arc<Map<String, Value>>,
    ) -> Self {
        Self {
            plan,
            inputs,
            about,
            state: State::Queued,
            paused: false,
            cancelled: None,
            finally: false,
            over_budget: None,
            started: None,
            since: None,
            ended: None,
            outputs: None,
            cost: None,
            tokens: Tokens::default(),
            waived: false,
            imports: Arc::default(),
            boot: Arc::from(""),
            given: Arc::default(),
            instances: vec![],
            top: vec![],
            last: vec![],
            left: 0,
            active: BTreeSet::new(),
            ready: BTreeSet::new(),
        }
    }

    /// An instance.
    pub(crate) fn get(&self, id: InstanceId) -> &Instance {
        &self.instances[id as usize]
    }

    /// The definition of an instance's step.
    pub(crate) fn step_of(&self, id: InstanceId) -> &super::model::Step {
        self.plan.definition.step(self.get(id).step)
    }

    /// Where an instance is, e.g. `rounds{2}/fix[api]`.
    pub(crate) fn path(&self, id: InstanceId) -> String {
        let instance = self.get(id);
        let own = match &instance.role {
            Role::Whole => self.step_of(id).id.clone(),
            Role::Item { key, .. } => format!("[{key}]"),
            Role::Time(number) => format!("{{{number}}}"),
        };
        match (instance.parent, &instance.role) {
            (None, _) => own,
            (Some(parent), Role::Whole) => format!("{}/{own}", self.path(parent)),
            (Some(parent), Role::Item { .. } | Role::Time(_)) => self.path(parent) + &own,
        }
    }
}
