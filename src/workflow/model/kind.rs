//! What a step does.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StepIndex;
use crate::{
    meter::Cap,
    workflow::text::{Template, tight},
};

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
    #[serde(deserialize_with = "tight")]
    pub(crate) argv: Vec<Template>,
    /// Variables that the script takes values from, e.g. `GAIA_1`: they are never part of its text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) values: BTreeMap<String, Template>,
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
    /// That work is the one of the time before in the loop around; the first time there is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) from_before: bool,
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
