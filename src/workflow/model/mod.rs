//! The nouns of a definition: what a workflow file says, every default filled in. `kind`: what a
//! step does; `rule`: how often, when, and what its end means.
//!
//! A definition is captured with each run of it, as JSON of exactly these shapes. What a step does
//! not have is left out there: 10,000 steps took 5 MB with it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    expr::Expr,
    schema::Schema,
    text::{Template, tight},
};
use crate::meter::Cap;

mod kind;
mod rule;

pub(crate) use kind::{AgentWork, Ask, Command, Kind, Place, ServiceAction, Wait};
pub(crate) use rule::{
    Concurrency, ForEach, Items, Join, OnChildFailure, OnError, OnExhausted, OnLost, Repeat, Retry,
    RetryOn, WhenFull,
};

/// Place of a step in [`Definition::steps`].
pub(crate) type StepIndex = u32;

/// A workflow as its file says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Definition {
    /// Name, unique in its workspace: the file's name unless it says another.
    pub(crate) name: String,
    /// One line about it.
    pub(crate) about: String,
    /// What a run is given.
    pub(crate) inputs: Vec<Input>,
    /// What a run gives back.
    pub(crate) outputs: BTreeMap<String, Template>,
    /// Environment of every command.
    pub(crate) env: BTreeMap<String, Template>,
    /// Secrets of every command and where they are kept; looked up when a command starts.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// All steps, also those inside of others; a step stands before those inside of it.
    pub(crate) steps: Vec<Step>,
    /// The steps at the top.
    pub(crate) body: Vec<StepIndex>,
    /// Steps that run at the end, however it ends.
    pub(crate) finally: Vec<StepIndex>,
    /// Runs at a time, if that is limited.
    pub(crate) concurrency: Option<Concurrency>,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// Commands at a time in one run.
    pub(crate) max_parallel: u32,
    /// Longest time of a run, in milliseconds.
    pub(crate) timeout_ms: Option<u64>,
    /// Whether the first failure cancels what is under way.
    pub(crate) fail_fast: bool,
    /// What a run may cost; beyond it the run waits for a person.
    pub(crate) budget: Vec<Cap>,
}

/// Something a run is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Its name.
    pub(crate) name: String,
    /// One line about it.
    pub(crate) about: String,
    /// What it must be.
    pub(crate) schema: Schema,
    /// Taken if nobody gives one.
    pub(crate) default: Option<Value>,
    /// Whether somebody must give one.
    pub(crate) required: bool,
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Secret {
    /// A variable of whoever starts the run.
    Env(String),
    /// A file; relative to the workspace.
    File(String),
    /// What a command prints.
    Command(Vec<String>),
}

/// One step, before it is known how often it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Step {
    /// Name, unique in the definition.
    pub(crate) id: String,
    /// One line about it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) about: String,
    /// The step it is inside of.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) parent: Option<StepIndex>,
    /// What is done.
    pub(crate) kind: Kind,
    /// What must be over before.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "tight")]
    pub(crate) needs: Vec<Need>,
    /// It is skipped unless this is so. Apart, as what most steps do not have shall not take room
    /// in all: a definition may have 10,000 of them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) when: Option<Box<Expr>>,
    /// It is done once for each of these.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) for_each: Option<Box<ForEach>>,
    /// It is done again until something is so.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) repeat: Option<Box<Repeat>>,
    /// Tries beyond the first, if there may be any.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) retry: Option<Box<Retry>>,
    /// Longest time of one attempt, in milliseconds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) timeout_ms: Option<u64>,
    /// Longest time without output, in milliseconds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) idle_timeout_ms: Option<u64>,
    /// What its failure means.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) on_error: OnError,
    /// What is done when nobody knows how an attempt ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) on_lost: OnLost,
    /// Instances of it (over all runs) at a time, if that is limited.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) concurrency: Option<Box<Concurrency>>,
    /// Higher goes first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) priority: i32,
    /// Environment of its command.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) env: BTreeMap<String, Template>,
    /// Secrets of its command.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// Folder it is done in, relative to the workspace.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) dir: Option<Template>,
    /// What it gives back, each with what it must be.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) outputs: BTreeMap<String, Schema>,
    /// How often it is asked again for outputs that do not fit.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) max_asks: u32,
    /// Files it leaves that are kept: globs relative to its folder.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) artifacts: Vec<String>,
    /// Line of the file, from 1.
    pub(crate) line: u32,
}

/// A step that must be over before another begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Need {
    /// The step; in the same body.
    pub(crate) step: StepIndex,
    /// How it may have ended.
    #[serde(deserialize_with = "tight")]
    pub(crate) on: Vec<Outcome>,
}

/// How a step ended, in the words of `needs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It ended well (or may fail: `on_error: continue`).
    Ok,
    /// It failed.
    Failed,
    /// It was not done.
    Skipped,
}

/// Whether something is as it is if nobody says it.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Definition {
    /// The step at a place.
    pub(crate) fn step(&self, index: StepIndex) -> &Step {
        &self.steps[index as usize]
    }

    /// The steps inside of a step.
    pub(crate) fn inside(&self, index: StepIndex) -> &[StepIndex] {
        match &self.step(index).kind {
            Kind::Group { body } => body,
            Kind::Run(_)
            | Kind::Agent(_)
            | Kind::Approval(_)
            | Kind::Question(_)
            | Kind::Workflow { .. }
            | Kind::Service { .. }
            | Kind::Wait(_)
            | Kind::Land { .. }
            | Kind::Notify { .. }
            | Kind::Learn { .. } => &[],
        }
    }
}
