//! What can be seen of runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    record::RunRecord,
    run::{InstanceId, Phase, Role, Run},
};
use crate::base::Moment;

/// A run as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RunView {
    /// Its id.
    pub(crate) id: String,
    /// Its workflow.
    pub(crate) workflow: String,
    /// Its workspace.
    pub(crate) workspace: String,
    /// Folder of the workspace.
    pub(crate) dir: String,
    /// `queued`, `running`, `done`, `failed`, `cancelled` or `skipped`.
    pub(crate) state: String,
    /// Whether nothing new is begun.
    pub(crate) paused: bool,
    /// Why it is as it is, if that needs words.
    pub(crate) why: Option<String>,
    /// What started it.
    pub(crate) trigger: String,
    /// The run whose step started it.
    pub(crate) parent: Option<String>,
    /// When it was asked for.
    pub(crate) created_at: Moment,
    /// When it began.
    pub(crate) started_at: Option<Moment>,
    /// When it was over.
    pub(crate) ended_at: Option<Moment>,
    /// When it was looked at.
    pub(crate) seen_at: Moment,
    /// What its agents cost, in dollars.
    pub(crate) cost_usd: Option<f64>,
    /// Tokens its agents used.
    pub(crate) tokens: u64,
    /// What it was given.
    pub(crate) inputs: Map<String, Value>,
    /// What it gave back.
    pub(crate) outputs: Option<Value>,
    /// Its steps, in the order of the definition; what is inside of one follows it.
    pub(crate) steps: Vec<StepView>,
}

/// A step of a run as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StepView {
    /// Where it is, e.g. `fix[api]` or `rounds{2}/review`; the name of the step alone at the top.
    pub(crate) id: String,
    /// Name of its step.
    pub(crate) step: String,
    /// What kind of step it is.
    pub(crate) kind: String,
    /// `blocked`, `ready`, `running`, `waiting`, `held`, `done`, `failed`, `skipped` or `cancelled`.
    pub(crate) state: String,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// When it was begun.
    pub(crate) started_at: Option<Moment>,
    /// When it was over.
    pub(crate) ended_at: Option<Moment>,
    /// What it gave back.
    pub(crate) outputs: Option<Value>,
    /// What its agents cost, in dollars.
    pub(crate) cost_usd: Option<f64>,
    /// Why it is as it is, if that needs words.
    pub(crate) why: Option<String>,
    /// Steps it needs.
    pub(crate) needs: Vec<String>,
    /// The task, run or moment it stands for.
    pub(crate) link: Option<String>,
    /// Number of the instance in its run: its attempts are told apart by it.
    pub(crate) instance: u32,
    /// How deep it is inside of others.
    pub(crate) depth: u32,
}

impl RunView {
    /// A head alone, e.g. for a list.
    pub(crate) fn head(record: &RunRecord) -> Self {
        Self {
            id: record.id.to_string(),
            workflow: record.workflow.clone(),
            workspace: record.workspace.to_string(),
            dir: record.dir.display().to_string(),
            state: record.state.word().to_owned(),
            paused: record.paused,
            why: record.why.clone(),
            trigger: record.trigger.clone(),
            parent: record.parent.as_ref().map(|parent| parent.run.to_string()),
            created_at: record.created,
            started_at: record.started,
            ended_at: record.ended,
            seen_at: record.ended.or(record.started).unwrap_or(record.created),
            cost_usd: record.cost.map(|cost| cost.dollars()),
            tokens: 0,
            inputs: record.inputs.clone(),
            outputs: None,
            steps: vec![],
        }
    }

    /// A whole run.
    pub(crate) fn of(record: &RunRecord, run: &Run) -> Self {
        let mut steps = Vec::new();
        let mut todo: Vec<(InstanceId, u32)> =
            run.top.iter().chain(&run.last).rev().map(|id| (*id, 0)).collect();
        while let Some((at, depth)) = todo.pop() {
            steps.push(step(run, at, depth));
            todo.extend(run.get(at).children.iter().rev().map(|id| (*id, depth + 1)));
        }
        Self {
            tokens: run.tokens.total(),
            outputs: run.outputs.clone(),
            cost_usd: run.cost.map(|cost| cost.dollars()),
            steps,
            ..Self::head(record)
        }
    }

    /// Whether it ended, and not well.
    pub(crate) fn is_bad(&self) -> bool {
        matches!(self.state.as_str(), "failed" | "cancelled")
    }

    /// Whether nothing more happens by itself.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "done" | "failed" | "cancelled" | "skipped")
    }
}

fn step(run: &Run, at: InstanceId, depth: u32) -> StepView {
    let (instance, step) = (run.get(at), run.step_of(at));
    let name = |index: &super::model::Need| run.plan.definition.step(index.step).id.clone();
    let whole = instance.role == Role::Whole;
    // What is inside tells what it gave back: it is not told twice.
    let output = instance.output.as_deref().cloned();
    StepView {
        id: run.path(at),
        step: step.id.clone(),
        kind: step.kind.word().to_owned(),
        state: state(run, at),
        attempts: instance.attempt,
        started_at: instance.started,
        ended_at: instance.ended,
        outputs: output,
        cost_usd: instance.cost.map(|cost| cost.dollars()),
        why: instance.why.as_deref().map(str::to_owned),
        needs: if whole { step.needs.iter().map(name).collect() } else { vec![] },
        link: instance.link.as_deref().map(str::to_owned),
        instance: at,
        depth,
    }
}

fn state(run: &Run, at: InstanceId) -> String {
    match run.get(at).phase {
        Phase::Blocked if run.state.is_over() => "skipped",
        ref phase => phase.word(),
    }
    .to_owned()
}

impl RunView {
    /// What a run would be, before there is one.
    pub(crate) fn planned(new: &super::actor::NewRun) -> Self {
        let definition = &new.definition.definition;
        let depth = |step: &super::model::Step| {
            let parent = |index: &u32| definition.step(*index).parent;
            std::iter::successors(step.parent, parent).count() as u32
        };
        let steps = definition.steps.iter().map(|step| StepView {
            id: step.id.clone(),
            step: step.id.clone(),
            kind: step.kind.word().to_owned(),
            state: "planned".to_owned(),
            attempts: 0,
            started_at: None,
            ended_at: None,
            outputs: None,
            cost_usd: None,
            why: (!step.about.is_empty()).then(|| step.about.clone()),
            needs: step.needs.iter().map(|need| definition.step(need.step).id.clone()).collect(),
            link: None,
            instance: 0,
            depth: depth(step),
        });
        Self {
            id: "-".to_owned(),
            workflow: definition.name.clone(),
            workspace: new.workspace.to_string(),
            dir: new.dir.display().to_string(),
            state: "planned".to_owned(),
            paused: false,
            why: None,
            trigger: new.trigger.clone(),
            parent: None,
            created_at: Moment::default(),
            started_at: None,
            ended_at: None,
            seen_at: Moment::default(),
            cost_usd: None,
            tokens: 0,
            inputs: new.inputs.clone(),
            outputs: None,
            steps: steps.collect(),
        }
    }
}
