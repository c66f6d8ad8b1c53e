//! What people see of triggers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Actor;
use crate::{
    base::{Moment, Name},
    trigger::record::{FiringRecord, State},
};

/// Firings that are shown.
const SHOWN: usize = 20;

/// A trigger and how far it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Row {
    /// Its workspace.
    pub(crate) workspace: Name,
    /// The folder of that.
    pub(crate) dir: String,
    /// Its name; none for a workspace that cannot be read.
    pub(crate) name: Option<Name>,
    /// One line about it.
    pub(crate) about: String,
    /// `time`, `boot`, `daemon-start`, `file`, `webhook` or `fact`.
    pub(crate) kind: String,
    /// When it fires.
    pub(crate) when: String,
    /// What it starts.
    pub(crate) starts: String,
    /// Whether it fires.
    pub(crate) enabled: bool,
    /// Why not, or why its workspace cannot be read.
    pub(crate) why: Option<String>,
    /// When it fires next, if the clock says.
    pub(crate) next: Option<Moment>,
    /// Firings so far.
    pub(crate) fired: u64,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// Its newest firings, newest first.
    pub(crate) firings: Vec<FiringView>,
    /// What may surprise in it.
    pub(crate) lint: Vec<String>,
}

/// A firing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FiringView {
    /// Its id.
    pub(crate) id: String,
    /// When it fired.
    pub(crate) at: Moment,
    /// How far it is.
    pub(crate) state: State,
}

impl Actor {
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (workspace, space) in &self.spaces {
            let dir = space.dir.display().to_string();
            for trigger in space.triggers.values() {
                let key = (workspace.clone(), trigger.name.clone());
                let mark = self.marks.get(&key);
                rows.push(Row {
                    workspace: workspace.clone(),
                    dir: dir.clone(),
                    name: Some(trigger.name.clone()),
                    about: trigger.about.clone(),
                    kind: trigger.source.kind().to_owned(),
                    when: trigger.source.show(),
                    starts: trigger.does.show(),
                    enabled: self.is_enabled(&key, trigger),
                    why: mark.and_then(|mark| mark.why.clone()),
                    next: self.next_of(&key),
                    fired: mark.map_or(0, |mark| mark.fired),
                    failures: mark.map_or(0, |mark| mark.failures),
                    firings: views(self.of(&key).collect()),
                    lint: trigger.lint.clone(),
                });
            }
            if let Some(fault) = &space.fault {
                rows.push(unread(workspace, dir, fault));
            }
        }
        rows
    }
}

fn views(mut all: Vec<&FiringRecord>) -> Vec<FiringView> {
    all.sort_by_key(|firing| std::cmp::Reverse(firing.at));
    let view = |one: &FiringRecord| FiringView {
        id: one.id.clone(),
        at: one.at,
        state: one.state.clone(),
    };
    all.into_iter().take(SHOWN).map(view).collect()
}

fn unread(workspace: &Name, dir: String, fault: &str) -> Row {
    Row {
        workspace: workspace.clone(),
        dir,
        name: None,
        about: String::new(),
        kind: "unread".to_owned(),
        when: String::new(),
        starts: String::new(),
        enabled: false,
        why: Some(fault.to_owned()),
        next: None,
        fired: 0,
        failures: 0,
        firings: vec![],
        lint: vec![],
    }
}
