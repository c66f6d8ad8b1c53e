//! The nouns: agents as they are declared, tasks as they are asked for, attempts as they go.

use std::{collections::BTreeMap, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    delivery::Receipt as Rung,
    driver::{Class, Mode, Permission},
    evidence::Standing,
    id::TaskId,
};
use crate::{
    base::{Moment, Name, UnitId, unit::Exit},
    define::Command,
    guard::Fence,
    meter::{Cap, Micros, Tokens},
};

/// An agent as declared in `[agents.NAME]` of a gaia.toml: every default filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Agent {
    /// Name, unique in its workspace.
    pub(crate) name: Name,
    /// One line about it.
    pub(crate) about: String,
    /// How gaia speaks to it: the name of a driver.
    pub(crate) driver: String,
    /// The program, where it is not the driver's own; needed for `command`.
    pub(crate) command: Vec<String>,
    /// More arguments for the program.
    pub(crate) args: Vec<String>,
    /// Model, in the words of its make.
    pub(crate) model: Option<String>,
    /// Whether it works through its command line (`headless`) or in its own screen.
    pub(crate) mode: Mode,
    /// What it may do without being asked, in its make's own terms.
    pub(crate) permission: Permission,
    /// Who it is: text put before every task.
    pub(crate) role: Option<String>,
    /// Files it is told to read first, relative to the workspace.
    pub(crate) instructions: Vec<String>,
    /// Environment added for it.
    pub(crate) env: BTreeMap<String, String>,
    /// Variables taken over from whoever asks for a task.
    pub(crate) pass_env: Vec<String>,
    /// Whether it uses the person's own login of its make.
    pub(crate) login: bool,
    /// Tools it may use, and may not, in its make's own names.
    pub(crate) tools: Tools,
    /// What it may touch.
    pub(crate) fence: Fence,
    /// What it may cost.
    pub(crate) budget: Vec<Cap>,
    /// Tasks it does at a time.
    pub(crate) concurrency: u32,
    /// Words a task can ask for with `--any`.
    pub(crate) labels: Vec<String>,
    /// Longest time of an attempt, in milliseconds; 0 for none.
    pub(crate) timeout_ms: u64,
    /// Longest time without any output, in milliseconds; 0 for none.
    pub(crate) silence_ms: u64,
    /// More attempts after one that failed by itself (not for a limit, which is waited for).
    pub(crate) retries: u32,
    /// Most turns of one attempt.
    pub(crate) max_turns: Option<u32>,
    /// Nobody declared it: it stands for its driver, and does only what is asked of it by name.
    #[serde(default)]
    pub(crate) implied: bool,
}

/// Tools by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tools {
    /// Allowed without asking.
    pub(crate) allow: Vec<String>,
    /// Never allowed.
    pub(crate) deny: Vec<String>,
}

/// How the tasks of a workspace are done: `[tasks]` of a gaia.toml.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Policy {
    /// Attempts at a time, over all agents.
    pub(crate) concurrency: u32,
    /// Branch of a task; `{id}`, `{slug}`, `{agent}` and `{attempt}` are filled in.
    pub(crate) branch: String,
    /// What branches start from; the branch that is checked out if it is left out.
    pub(crate) base: Option<String>,
    /// Branch that work is landed on; the base if it is left out.
    pub(crate) target: Option<String>,
    /// Folder of the worktrees.
    pub(crate) worktrees: PathBuf,
    /// Untracked files that are copied into a worktree.
    pub(crate) copy: Vec<String>,
    /// Untracked files that a worktree links to.
    pub(crate) link: Vec<String>,
    /// Commands run in a new worktree before its agent starts.
    pub(crate) setup: Vec<Command>,
    /// Commands that must end well before work is landed.
    pub(crate) checks: Vec<Command>,
    /// Commands that must end well after work is landed; else it is taken back.
    pub(crate) verify: Vec<Command>,
    /// Names of ports leased for each worktree, given as `PORT_NAME`.
    pub(crate) ports: Vec<String>,
    /// How work is landed unless it is said otherwise.
    pub(crate) land: How,
    /// Whether submodules are fetched into worktrees.
    pub(crate) submodules: bool,
    /// Attempts that may start in a minute at one make of agents; 0 for as many as wanted.
    pub(crate) starts_per_minute: u32,
    /// What all tasks of the workspace may cost.
    pub(crate) budget: Vec<Cap>,
    /// Folder for questions as files, for those who like files.
    pub(crate) questions: Option<PathBuf>,
    /// The agent, or the driver, that takes what names none that is there.
    #[serde(default)]
    pub(crate) default_agent: Option<Name>,
}

/// How work becomes part of its target.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum How {
    /// One commit.
    #[default]
    Squash,
    /// A merge commit.
    Merge,
    /// Its commits, one after the other.
    Rebase,
}

/// What a person (or a workflow) asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// What to do.
    pub(crate) prompt: String,
    /// One line about it.
    pub(crate) title: String,
    /// The agent that shall do it; whoever fits if it is left out.
    pub(crate) agent: Option<Name>,
    /// Labels an agent must have.
    pub(crate) any: Vec<String>,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// Tasks that must be done before.
    pub(crate) after: Vec<TaskId>,
    /// Globs of files it is about; two tasks on one file are not done in one folder at a time.
    pub(crate) files: Vec<String>,
    /// Files that must be there at the end.
    pub(crate) deliverables: Vec<String>,
    /// What it may cost.
    pub(crate) budget: Vec<Cap>,
    /// Longest time of an attempt, in milliseconds; that of the agent if it is left out.
    pub(crate) timeout_ms: Option<u64>,
    /// Where it is done.
    pub(crate) place: Place,
    /// In its own screen, or through its command line; as the agent says if it is left out.
    pub(crate) mode: Option<Mode>,
    /// The same key asks for the same task.
    pub(crate) key: Option<String>,
    /// Tasks that race for the same work.
    pub(crate) race: Option<String>,
    /// Variables its program is told besides.
    #[serde(default)]
    pub(crate) told: BTreeMap<String, String>,
    /// Whether a result is taken from the file that its program is told of.
    #[serde(default)]
    pub(crate) output: bool,
}

/// Where a task is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// In a worktree of its own.
    #[default]
    Worktree,
    /// In the workspace itself.
    InPlace,
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Waits for an agent, for other tasks, or (`until`) for a moment.
    Queued {
        /// Not before this moment.
        until: Option<Moment>,
        /// What it waits for, in words.
        why: String,
    },
    /// An attempt is under way.
    Running,
    /// A person has to decide something: the item of the inbox.
    Asking {
        /// The item.
        item: String,
        /// What it is about.
        why: String,
    },
    /// The work is done and waits to be landed or discarded (or there was nothing to land).
    Done,
    /// It did not work.
    Failed {
        /// Why, in words.
        why: String,
    },
    /// A person does not want it any more.
    Cancelled,
    /// Its work is part of its target.
    Landed {
        /// The commit.
        commit: String,
    },
    /// Its work was thrown away.
    Discarded {
        /// Where what was not landed can be found.
        rescue: Option<String>,
    },
}

impl State {
    /// One word for it.
    #[must_use]
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Running => "running",
            Self::Asking { .. } => "asking",
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
            Self::Landed { .. } => "landed",
            Self::Discarded { .. } => "discarded",
        }
    }

    /// Whether nothing more happens unless a person wants it.
    #[must_use]
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Queued { .. } | Self::Running | Self::Asking { .. } => false,
            Self::Done
            | Self::Failed { .. }
            | Self::Cancelled
            | Self::Landed { .. }
            | Self::Discarded { .. } => true,
        }
    }

    /// Whether it ended well.
    #[must_use]
    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Self::Done | Self::Landed { .. })
    }
}

/// How far the making of an attempt is. Each step is stored before it is done and again when it is,
/// so that a daemon that comes back does it once more (all of them may be done twice) or goes on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Step {
    /// On record; nothing is made.
    Recorded,
    /// Its worktree is there.
    Worktree,
    /// Its files are carried over and its setup commands have run.
    Prepared,
    /// Its pane is there, and nothing runs in it.
    Pane,
    /// Its program was asked to start: from here on it is never started again.
    Launched,
    /// Its prompt has arrived.
    Delivered,
    /// It is over.
    Ended,
}

/// What became of the prompt of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Receipt {
    /// How far it is.
    pub(crate) state: Rung,
    /// The way it went: `start`, `paste` or `http`.
    pub(crate) way: String,
    /// Bytes.
    pub(crate) bytes: u64,
    /// SHA-256 of the text.
    pub(crate) digest: String,
    /// Since when it is as it is.
    pub(crate) at: Moment,
}

/// One try at a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Attempt {
    /// Counted from 1.
    pub(crate) number: u32,
    /// The agent.
    pub(crate) agent: Name,
    /// Its driver.
    pub(crate) driver: String,
    /// Its model, where one is named.
    pub(crate) model: Option<String>,
    /// In its own screen, or through its command line.
    pub(crate) mode: Mode,
    /// How far it is.
    pub(crate) step: Step,
    /// Its session in the terms of its make: chosen by gaia, or told by the program.
    pub(crate) session: String,
    /// The session it goes on with, if it does.
    pub(crate) resume: Option<String>,
    /// What is sent, where that is not the prompt of the task.
    pub(crate) prompt: Option<String>,
    /// What the next attempt goes on with, once this one is over.
    #[serde(default)]
    pub(crate) next: Option<GoOn>,
    /// tmux session of its pane.
    pub(crate) shown_in: Option<Name>,
    /// Its unit, once it has a pane.
    pub(crate) unit: Option<UnitId>,
    /// When it was begun.
    pub(crate) started: Moment,
    /// When it was over.
    pub(crate) ended: Option<Moment>,
    /// Its prompt.
    pub(crate) receipt: Option<Receipt>,
    /// What it does.
    pub(crate) seen: Standing,
    /// How its program ended.
    pub(crate) exit: Option<Exit>,
    /// How it ended, in a class.
    pub(crate) class: Option<Class>,
    /// Why it ended so, in words.
    pub(crate) why: Option<String>,
    /// Its last words.
    pub(crate) text: Option<String>,
    /// Tokens it used.
    pub(crate) tokens: Tokens,
    /// What it cost, if that is known.
    pub(crate) cost: Option<Micros>,
    /// Turns it took.
    pub(crate) turns: Option<u32>,
    /// What it was refused.
    pub(crate) denials: Vec<String>,
}

/// What an attempt goes on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct GoOn {
    /// The session of its make.
    pub(crate) resume: Option<String>,
    /// What is sent instead of the prompt of the task.
    pub(crate) prompt: Option<String>,
    /// Whether the attempt before counts among those that a task may have.
    pub(crate) counts: bool,
}
