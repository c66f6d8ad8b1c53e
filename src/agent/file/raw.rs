//! The tables as they are written, with the place of every value that can be wrong.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    define::{Any, Text},
    guard::RawFence,
};

/// What the agents read of a `gaia.toml`; everything else in it is read by others.
#[derive(Debug, Deserialize)]
pub(super) struct RawFile {
    #[serde(default)]
    pub(super) agents: BTreeMap<Spanned<String>, Spanned<RawAgent>>,
    #[serde(default)]
    pub(super) tasks: RawTasks,
    #[serde(default)]
    pub(super) fence: Option<RawFence>,
}

/// A coding agent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawAgent {
    /// One line about it.
    pub(super) about: Option<String>,
    /// Driver: `claude`, `codex`, `gemini`, `opencode`, `aider`, `qwen`, `command`, `script`, or
    /// one of your own; the name of the agent if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) driver: Option<Text>,
    /// Program and arguments, for the driver `command`, or where the program lies elsewhere.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) command: Option<Spanned<Vec<String>>>,
    /// More arguments for its program.
    pub(super) args: Vec<String>,
    /// Model, in the words of its make.
    pub(super) model: Option<String>,
    /// `headless` (default) or `interactive`.
    #[schemars(with = "Option<String>")]
    pub(super) mode: Option<Text>,
    /// `edit` (default), `plan` or `full`.
    #[schemars(with = "Option<String>")]
    pub(super) permission: Option<Text>,
    /// Who it is: text put before every task.
    pub(super) role: Option<String>,
    /// Files it has to follow, relative to the workspace.
    pub(super) instructions: Vec<String>,
    /// Environment added for it.
    pub(super) env: BTreeMap<String, String>,
    /// Variables taken over from whoever asks for a task.
    pub(super) pass_env: Vec<String>,
    /// `true`: it uses your own login of its make.
    pub(super) login: bool,
    /// Tools by its make's names.
    pub(super) tools: RawTools,
    /// What it may touch.
    pub(super) fence: Option<RawFence>,
    /// What it may cost: `"2 USD"` a task, `"20 USD a day"`, `"500k tokens"`; or a list of these.
    #[schemars(with = "Option<String>")]
    pub(super) budget: Option<Any>,
    /// Tasks it does at a time, 1 if it is left out.
    pub(super) concurrency: Option<u32>,
    /// Words a task can ask for.
    pub(super) labels: Vec<String>,
    /// Longest time of an attempt, e.g. `1h`; `0` for none.
    #[schemars(with = "Option<String>")]
    pub(super) timeout: Option<Text>,
    /// Longest time without output, e.g. `5m`; `0` for none.
    #[schemars(with = "Option<String>")]
    pub(super) silence: Option<Text>,
    /// More attempts after one that failed by itself, 1 if it is left out.
    pub(super) retries: Option<u32>,
    /// Most turns of one attempt.
    pub(super) max_turns: Option<u32>,
}

/// Tools by name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTools {
    /// Allowed without asking.
    pub(super) allow: Vec<String>,
    /// Never allowed.
    pub(super) deny: Vec<String>,
}

/// How the tasks of a workspace are done.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTasks {
    /// Attempts at a time, over all agents; 4 if it is left out.
    pub(super) concurrency: Option<u32>,
    /// Branch of a task, `gaia/{id}/{slug}` if it is left out.
    #[schemars(with = "Option<String>")]
    pub(super) branch: Option<Text>,
    /// What branches start from; what is checked out if it is left out.
    pub(super) base: Option<String>,
    /// Branch that work is landed on; the base if it is left out.
    pub(super) target: Option<String>,
    /// Folder of the worktrees, relative to the workspace; `../NAME.worktrees` if it is left out.
    pub(super) worktrees: Option<String>,
    /// Untracked files that are copied into a worktree, e.g. `.env`.
    pub(super) copy: Vec<String>,
    /// Untracked files that a worktree links to, e.g. `node_modules`.
    pub(super) link: Vec<String>,
    /// Commands run in a new worktree.
    #[schemars(with = "Vec<String>")]
    pub(super) setup: Option<Any>,
    /// Commands that must end well before work is landed.
    #[schemars(with = "Vec<String>")]
    pub(super) checks: Option<Any>,
    /// Commands that must end well after work is landed; else it is taken back.
    #[schemars(with = "Vec<String>")]
    pub(super) verify: Option<Any>,
    /// Names of ports leased for each worktree, given as `PORT_NAME`.
    pub(super) ports: Vec<String>,
    /// `squash` (default), `merge` or `rebase`.
    #[schemars(with = "Option<String>")]
    pub(super) land: Option<Text>,
    /// `true`: submodules are fetched into worktrees.
    pub(super) submodules: bool,
    /// Attempts that may start in a minute at one make of agents, 30 if it is left out; 0 for as
    /// many as wanted.
    pub(super) starts_per_minute: Option<u32>,
    /// What all tasks together may cost, e.g. `"50 USD a day"`; or a list.
    #[schemars(with = "Option<String>")]
    pub(super) budget: Option<Any>,
    /// Folder for questions as files.
    pub(super) questions: Option<String>,
    /// Agent (or driver) that takes the steps of workflows that name none that is there.
    #[schemars(with = "Option<String>")]
    pub(super) default_agent: Option<Text>,
}
