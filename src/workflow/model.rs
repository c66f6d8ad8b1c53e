//! The nouns of a definition: what a workflow file says, every default filled in.
//!
//! A definition is captured with each run of it, as JSON of exactly these shapes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{expr::Expr, schema::Schema, text::Template};
use crate::meter::Cap;

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
    pub(crate) about: String,
    /// The step it is inside of.
    pub(crate) parent: Option<StepIndex>,
    /// What is done.
    pub(crate) kind: Kind,
    /// What must be over before.
    pub(crate) needs: Vec<Need>,
    /// It is skipped unless this is so.
    pub(crate) when: Option<Expr>,
    /// It is done once for each of these.
    pub(crate) for_each: Option<ForEach>,
    /// It is done again until something is so.
    pub(crate) repeat: Option<Repeat>,
    /// Tries beyond the first.
    pub(crate) retry: Retry,
    /// Longest time of one attempt, in milliseconds.
    pub(crate) timeout_ms: Option<u64>,
    /// Longest time without output, in milliseconds.
    pub(crate) idle_timeout_ms: Option<u64>,
    /// What its failure means.
    pub(crate) on_error: OnError,
    /// What is done when nobody knows how an attempt ended.
    pub(crate) on_lost: OnLost,
    /// Instances of it (over all runs) at a time, if that is limited.
    pub(crate) concurrency: Option<Concurrency>,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// Environment of its command.
    pub(crate) env: BTreeMap<String, Template>,
    /// Secrets of its command.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// Folder it is done in, relative to the workspace.
    pub(crate) dir: Option<Template>,
    /// What it gives back, each with what it must be.
    pub(crate) outputs: BTreeMap<String, Schema>,
    /// How often it is asked again for outputs that do not fit.
    pub(crate) max_asks: u32,
    /// Files it leaves that are kept: globs relative to its folder.
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

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A shell script or a program.
    Run(Command),
    /// Work for an agent.
    Agent(Box<AgentWork>),
    /// A person's yes.
    Approval(Ask),
    /// A person's answer.
    Question(Ask),
    /// Another workflow, as a run of its own.
    Workflow {
        /// Its name.
        name: String,
        /// What it is given.
        inputs: BTreeMap<String, Template>,
    },
    /// Services.
    Service {
        /// What is done with them.
        action: ServiceAction,
        /// Their names.
        names: Vec<String>,
    },
    /// Nothing, until a moment or a fact.
    Wait(Wait),
    /// The work of an agent step becomes part of its target.
    Land {
        /// The step.
        of: StepIndex,
        /// `squash`, `merge` or `rebase`; as the workspace says if it is left out.
        how: Option<String>,
    },
    /// A person is told something.
    Notify {
        /// One line.
        title: Template,
        /// The rest.
        body: Option<Template>,
        /// `info`, `warning` or `urgent`.
        level: String,
    },
    /// An expert learns; a person looks at it first.
    Learn {
        /// The expert.
        expert: String,
        /// What is to be learned, in the shape of a proposal.
        proposal: Template,
    },
    /// The steps inside of it.
    Group {
        /// The steps.
        body: Vec<StepIndex>,
    },
}

/// What a `run` step runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Command {
    /// Program and first arguments; a script is the last one. Values from outside stand in it only
    /// where a program is run without a shell.
    pub(crate) argv: Vec<Template>,
    /// Variables that the script takes values from, e.g. `GAIA_1`: they are never part of its text.
    pub(crate) values: BTreeMap<String, Template>,
    /// Whether it has a pane.
    pub(crate) pane: bool,
}

/// What an `agent` step asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AgentWork {
    /// An agent, a label, a driver or a role, in this order of meaning.
    pub(crate) agent: Option<String>,
    /// What to do.
    pub(crate) prompt: Template,
    /// Globs of files it is about.
    pub(crate) files: Vec<Template>,
    /// Files that must be there at the end.
    pub(crate) deliverables: Vec<Template>,
    /// What it may cost.
    pub(crate) budget: Vec<Cap>,
    /// `headless` or `interactive`; as the agent says if it is left out.
    pub(crate) mode: Option<String>,
    /// Where it works.
    pub(crate) place: Option<Place>,
    /// It goes on from the work of this agent step.
    pub(crate) from: Option<StepIndex>,
    /// Areas whose experts it hears.
    pub(crate) experts: Vec<String>,
    /// Tokens that experts may take of its prompt; 0 for none.
    pub(crate) expert_tokens: u32,
}

/// Where an agent works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// In a worktree of its own.
    Worktree,
    /// In the workspace itself.
    InPlace,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Ask {
    /// One line.
    pub(crate) title: Template,
    /// The rest.
    pub(crate) body: Option<Template>,
    /// Answers to choose from.
    pub(crate) options: Vec<String>,
    /// Taken for the answer when nobody answers within the step's timeout.
    pub(crate) default: Option<String>,
    /// Whether a no is a failure; else the step's `approved` tells.
    pub(crate) no_fails: bool,
}

/// What is done with services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServiceAction {
    /// Started, and waited for until they are ready.
    Start,
    /// Stopped.
    Stop,
    /// Stopped and started.
    Restart,
    /// Waited for until they are ready.
    Wait,
}

/// What a `wait` step waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wait {
    /// A span, in milliseconds.
    Span(u64),
    /// A moment: milliseconds since the Unix epoch, or RFC 3339.
    Until(Template),
    /// A fact of the ledger.
    Fact {
        /// Its kind; `*` stands for anything.
        kind: String,
        /// Fields of its body that must be so.
        fields: BTreeMap<String, Template>,
    },
}

/// A step is done once for each of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ForEach {
    /// The list: a reference to one, or a list of texts.
    pub(crate) items: Items,
    /// What one of them is called inside.
    pub(crate) name: String,
    /// Field of an item (or the item itself) by which it is known again.
    pub(crate) key: Option<String>,
    /// At a time.
    pub(crate) max_parallel: Option<u32>,
    /// When it has ended well.
    pub(crate) join: Join,
    /// Whether those that have not begun are still begun after one has failed.
    pub(crate) on_child_failure: OnChildFailure,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Items {
    /// A reference to a list.
    From(Template),
    /// These.
    These(Vec<Value>),
}

/// When a step that is done several times has ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Join {
    /// When all are over, however they ended; those that failed are told.
    AllDone,
    /// When all ended well.
    AllOk,
}

/// What the failure of one means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnChildFailure {
    /// Nothing.
    Continue,
    /// No more are begun.
    Stop,
}

/// A step is done again until something is so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Repeat {
    /// What must be so.
    pub(crate) until: Expr,
    /// Most times.
    pub(crate) max_iterations: u32,
    /// What is done when it is not so after the last.
    pub(crate) on_exhausted: OnExhausted,
    /// It is exhausted when its outputs are the same so often in a row; 0 for never.
    pub(crate) no_progress: u32,
}

/// What is done when a loop comes to its last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnExhausted {
    /// The step fails.
    Fail,
    /// A person says whether it goes on.
    Ask,
    /// The step ends well.
    Continue,
}

/// Tries beyond the first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Retry {
    /// Most of them.
    pub(crate) max: u32,
    /// Pause before the first, in milliseconds.
    pub(crate) backoff_ms: u64,
    /// The pause grows by this factor each time.
    pub(crate) factor: f64,
    /// Longest pause, in milliseconds.
    pub(crate) max_backoff_ms: u64,
    /// Failures that are worth another try; empty for all.
    pub(crate) on: Vec<RetryOn>,
}

/// A failure that is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RetryOn {
    /// This exit code.
    Code(i32),
    /// It took too long, or was silent too long.
    Timeout,
    /// Nobody knows how it ended.
    Lost,
    /// What it gave back does not fit.
    OutputInvalid,
    /// Anything else.
    Failed,
}

/// What the failure of a step means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnError {
    /// The run fails; what does not need the step goes on.
    Fail,
    /// The run goes on as if it had ended well.
    Continue,
    /// A person says what is done.
    Ask,
}

/// What is done when nobody knows how an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnLost {
    /// It is tried again: it may be done twice.
    Retry,
    /// A person says what is done.
    Ask,
    /// The step fails.
    Fail,
}

/// How many at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Concurrency {
    /// All with the same group share the number; inputs may stand in it.
    pub(crate) group: Template,
    /// At a time.
    pub(crate) max: u32,
    /// What becomes of one that finds no room.
    pub(crate) when_full: WhenFull,
}

/// What becomes of a run that finds no room in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WhenFull {
    /// It waits.
    Queue,
    /// It waits, and those that waited before are cancelled.
    ReplacePending,
    /// Those that run are cancelled.
    CancelRunning,
    /// It is not done.
    Skip,
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

impl Kind {
    /// One word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Agent(_) => "agent",
            Self::Approval(_) => "approval",
            Self::Question(_) => "question",
            Self::Workflow { .. } => "workflow",
            Self::Service { .. } => "service",
            Self::Wait(_) => "wait",
            Self::Land { .. } => "land",
            Self::Notify { .. } => "notify",
            Self::Learn { .. } => "learn",
            Self::Group { .. } => "group",
        }
    }
}
