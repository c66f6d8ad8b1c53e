//! A task as people and programs see it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        model::{Attempt, State},
        record::TaskRecord,
        view::View,
    },
    base::Moment,
    meter::{Micros, Tokens},
    verb::{Ui, table},
};

/// A task.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TaskView {
    /// Its name, e.g. `t17`.
    pub(crate) id: String,
    /// One line about it.
    pub(crate) title: String,
    /// Its workspace.
    pub(crate) workspace: String,
    /// How far it is, in a word.
    pub(crate) state: String,
    /// What it waits for, or why it failed.
    pub(crate) why: Option<String>,
    /// The item of the inbox that it waits for.
    pub(crate) item: Option<String>,
    /// Since when it is as it is.
    pub(crate) since: Moment,
    /// When it was asked for.
    pub(crate) created: Moment,
    /// What was asked for.
    pub(crate) prompt: String,
    /// The agent that does it, did it last, or shall do it.
    pub(crate) agent: Option<String>,
    /// What the agent does, in a word, while an attempt is under way.
    pub(crate) activity: Option<String>,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// Tasks that must be done before.
    pub(crate) after: Vec<String>,
    /// Tries, the first one first.
    pub(crate) attempts: Vec<Attempt>,
    /// Its branch.
    pub(crate) branch: Option<String>,
    /// Its worktree.
    pub(crate) worktree: Option<String>,
    /// Branch it is to be landed on.
    pub(crate) target: Option<String>,
    /// Commit it was landed as.
    pub(crate) commit: Option<String>,
    /// Ports leased for it.
    pub(crate) ports: BTreeMap<String, u16>,
    /// What it cost in dollars, as far as that is known.
    pub(crate) cost_usd: f64,
    /// Whether some of its tokens have no price.
    pub(crate) unpriced: bool,
    /// Tokens it used.
    pub(crate) tokens: Tokens,
    /// What became of the prompts of its attempts, the first one first.
    pub(crate) receipts: Vec<crate::agent::model::Receipt>,
    /// What the agent said it delivered.
    pub(crate) delivered: Vec<String>,
    /// What the agent said last about how far it is.
    pub(crate) progress: Option<String>,
    /// Last words of the agent.
    pub(crate) text: Option<String>,
    /// Tasks that race for the same work.
    pub(crate) race: Option<String>,
}

impl TaskView {
    /// A task with what stands in its way.
    pub(crate) fn of(task: &TaskRecord, view: &View) -> Self {
        let last = task.last();
        let (why, item, commit) = match &task.state {
            State::Queued { why, .. } => {
                let obstacle = view.obstacles.get(&task.id).cloned();
                (obstacle.or(Some(why.clone()).filter(|why| !why.is_empty())), None, None)
            }
            State::Asking { item, why } => (Some(why.clone()), Some(item.clone()), None),
            State::Failed { why } => (Some(why.clone()), None, None),
            State::Landed { commit } => (None, None, Some(commit.clone())),
            State::Discarded { rescue } => (rescue.clone(), None, None),
            State::Running | State::Done | State::Cancelled => (None, None, None),
        };
        let tokens = task.attempts.iter().fold(Tokens::default(), |sum, a| sum.plus(&a.tokens));
        let cost =
            task.attempts.iter().filter_map(|a| a.cost).fold(Micros(0), Micros::plus).dollars();
        let work = task.tree.as_ref().map(|tree| &tree.work);
        let agent = last.map(|a| a.agent.to_string());
        Self {
            id: task.id.to_string(),
            title: task.wanted.title.clone(),
            workspace: task.workspace.to_string(),
            state: task.state.word().to_owned(),
            why,
            item,
            since: task.since,
            created: task.created,
            prompt: task.wanted.prompt.clone(),
            agent: agent.or_else(|| task.wanted.agent.as_ref().map(ToString::to_string)),
            activity: task.live().map(|attempt| attempt.seen.state.to_string()),
            priority: task.wanted.priority,
            after: task.wanted.after.iter().map(ToString::to_string).collect(),
            attempts: task.attempts.clone(),
            branch: work.and_then(|work| work.branch.clone()),
            worktree: work.map(|work| work.path.display().to_string()),
            target: task.tree.as_ref().and_then(|tree| tree.target.clone()),
            commit,
            ports: task.tree.as_ref().map(|tree| tree.ports.clone()).unwrap_or_default(),
            cost_usd: cost,
            unpriced: task.attempts.iter().any(|a| a.cost.is_none() && a.tokens.total() > 0),
            tokens,
            receipts: task.attempts.iter().filter_map(|a| a.receipt.clone()).collect(),
            delivered: task.delivered.clone(),
            progress: task.progress.clone(),
            text: task.attempts.iter().rev().find_map(|a| a.text.clone()),
            race: task.wanted.race.clone(),
        }
    }

    /// Whether it ended, and not well.
    pub(crate) fn is_bad(&self) -> bool {
        matches!(self.state.as_str(), "failed" | "cancelled" | "discarded")
    }
}

/// The state of a task in colour, with what its agent does.
pub(crate) fn state(task: &TaskView, ui: &Ui) -> String {
    let colour = match task.state.as_str() {
        "queued" => "2",
        "running" => "33",
        "asking" => "35",
        "done" | "landed" => "32",
        _ => "31",
    };
    let word = match &task.activity {
        Some(activity) if task.state == "running" => activity,
        _ => &task.state,
    };
    ui.paint(colour, word)
}

/// What a task cost, as people write it.
pub(crate) fn cost(task: &TaskView) -> String {
    let cost = Micros::of_dollars(task.cost_usd).unwrap_or_default();
    match (task.unpriced, cost) {
        (true, Micros(0)) => "unpriced".to_owned(),
        (true, _) => format!("{cost} + unpriced"),
        (false, _) => cost.to_string(),
    }
}

/// Tasks as a table.
pub(crate) fn task_table(tasks: &[TaskView], ui: &Ui) -> String {
    let rows = tasks.iter().map(|task| {
        let title: String = task.title.chars().take(48).collect();
        vec![
            task.id.clone(),
            state(task, ui),
            task.agent.clone().unwrap_or_else(|| "-".to_owned()),
            cost(task),
            title,
            task.why
                .as_deref()
                .unwrap_or("")
                .lines()
                .next()
                .unwrap_or("")
                .chars()
                .take(60)
                .collect(),
        ]
    });
    table(ui, &["TASK", "STATE", "AGENT", "COST", "TITLE", "WHY"], rows.collect())
}
