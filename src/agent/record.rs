//! What is stored of tasks.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    id::TaskId,
    model::{Agent, Attempt, Place, Policy, State, Wanted},
};
use crate::{
    base::{Moment, Name},
    ledger::Record,
    port::{Repo, Sha, Work},
};

/// Where the work of a task lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tree {
    /// The repository.
    pub(crate) repo: Repo,
    /// The worktree.
    pub(crate) work: Work,
    /// Branch the work is to be landed on; none where the repository was on no branch.
    pub(crate) target: Option<String>,
    /// Whether its setup commands have run.
    #[serde(default)]
    pub(crate) prepared: bool,
    /// Ports leased for it.
    pub(crate) ports: BTreeMap<String, u16>,
}

/// A branch on its way from one commit to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moving {
    /// The branch.
    pub(crate) target: String,
    /// Where it was.
    pub(crate) old: Sha,
    /// Where it shall be.
    pub(crate) new: Sha,
    /// The ref that keeps where it was.
    pub(crate) rollback: String,
}

/// A task and all that became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskRecord {
    /// Which one.
    pub(crate) id: TaskId,
    /// Its workspace.
    pub(crate) workspace: Name,
    /// Folder of the workspace.
    pub(crate) dir: PathBuf,
    /// What was asked for.
    pub(crate) wanted: Wanted,
    /// When it was asked for.
    pub(crate) created: Moment,
    /// How far it is.
    pub(crate) state: State,
    /// Since when it is as it is.
    pub(crate) since: Moment,
    /// The tries, the first one first.
    pub(crate) attempts: Vec<Attempt>,
    /// Where its work lies, once it has a place of its own.
    pub(crate) tree: Option<Tree>,
    /// What the agent said it delivered.
    pub(crate) delivered: Vec<String>,
    /// What the agent said last about how far it is.
    pub(crate) progress: Option<String>,
    /// The agent of the present attempt as it was declared when that was begun.
    #[serde(default)]
    pub(crate) agent: Option<Box<Agent>>,
    /// Its work is being landed since then.
    #[serde(default)]
    pub(crate) landing: Option<Moment>,
    /// The move of the target that is being made: a daemon that comes back makes the very same one.
    #[serde(default)]
    pub(crate) moving: Option<Moving>,
    /// A person let it go on beyond its budget.
    #[serde(default)]
    pub(crate) waived: bool,
    /// A person took its work in spite of its fence.
    #[serde(default)]
    pub(crate) excused: bool,
    /// The highest mark it was asked again with: each mark counts once.
    #[serde(default)]
    pub(crate) asked: Option<u32>,
}

impl TaskRecord {
    /// The present or last try.
    pub(crate) fn last(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// The try that is under way.
    pub(crate) fn live(&self) -> Option<&Attempt> {
        self.last().filter(|attempt| attempt.ended.is_none())
    }

    /// Where it is done.
    pub(crate) fn cwd(&self) -> PathBuf {
        match (&self.tree, self.wanted.place) {
            (Some(tree), Place::Worktree) => {
                // A workspace may be a folder of a larger repository.
                let top = tree.repo.top.as_deref().unwrap_or(&self.dir);
                tree.work.path.join(self.dir.strip_prefix(top).unwrap_or(Path::new("")))
            }
            (None, _) | (_, Place::InPlace) => self.dir.clone(),
        }
    }
}

impl Record for TaskRecord {
    const KIND: &'static str = "task";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        // The order of keys is the order of ids.
        format!("{:012}", self.id.0)
    }
}

/// A workspace that has agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CrewRecord {
    /// The workspace.
    pub(crate) workspace: Name,
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// Its agents, as last read.
    pub(crate) agents: Vec<Agent>,
    /// How its tasks are done.
    pub(crate) policy: Policy,
    /// Whether its queue is paused.
    pub(crate) paused: bool,
}

impl CrewRecord {
    /// The same, with what stays of the crew as it was known: whether it is paused, and the agents
    /// that stand for their drivers, until one of their name is declared.
    pub(crate) fn keeping(mut self, old: Option<&Self>) -> Self {
        let Some(old) = old else { return self };
        self.paused = old.paused;
        for agent in old.agents.iter().filter(|agent| agent.implied) {
            if !self.agents.iter().any(|known| known.name == agent.name) {
                self.agents.push(agent.clone());
            }
        }
        self
    }
}

impl Record for CrewRecord {
    const KIND: &'static str = "crew";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.workspace.to_string()
    }
}

/// A message from one agent to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MessageRecord {
    /// Its place in the order of all messages of the home.
    pub(crate) seq: u64,
    /// The workspace.
    pub(crate) workspace: Name,
    /// Who sends it: an agent, or `person`.
    pub(crate) from: String,
    /// The agent or the task it is for.
    pub(crate) to: String,
    /// The text.
    pub(crate) text: String,
    /// When it was sent.
    pub(crate) at: Moment,
    /// Whether it was read.
    pub(crate) read: bool,
}

impl Record for MessageRecord {
    const KIND: &'static str = "message";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        format!("{:012}", self.seq)
    }
}
