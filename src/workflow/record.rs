//! What is stored of runs: a head for each, its definition once, its journal line by line.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    model::Definition,
    run::{InstanceId, State, Told},
};
use crate::{
    base::{Moment, Name, RunId},
    ledger::Record,
    meter::Micros,
};

/// The head of a run: what a list of runs shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// Which one.
    pub(crate) id: RunId,
    /// Asking with the same key asks for the same run.
    pub(crate) key: Option<String>,
    /// Its workflow.
    pub(crate) workflow: String,
    /// Its workspace.
    pub(crate) workspace: Name,
    /// Folder of the workspace.
    pub(crate) dir: PathBuf,
    /// Fingerprint of its definition.
    pub(crate) digest: String,
    /// Fingerprints of the workflows it may run, by name, as they were when it was asked for.
    #[serde(default)]
    pub(crate) others: BTreeMap<String, String>,
    /// What it was given.
    pub(crate) inputs: Map<String, Value>,
    /// What started it, in words.
    pub(crate) trigger: String,
    /// The step that started it.
    pub(crate) parent: Option<Parent>,
    /// Higher goes first.
    pub(crate) priority: i32,
    /// When it was asked for.
    pub(crate) created: Moment,
    /// How far it is.
    pub(crate) state: State,
    /// Whether nothing new is begun.
    #[serde(default)]
    pub(crate) paused: bool,
    /// When it began.
    pub(crate) started: Option<Moment>,
    /// When it was over.
    pub(crate) ended: Option<Moment>,
    /// Why it is as it is, if that needs words.
    pub(crate) why: Option<String>,
    /// What its agents cost.
    pub(crate) cost: Option<Micros>,
    /// Steps, and those that are over, when it was last stored.
    #[serde(default)]
    pub(crate) steps: u32,
    /// Results it takes over from an earlier run: step, fingerprint, outputs.
    #[serde(default)]
    pub(crate) imports: BTreeMap<String, (String, Value)>,
}

/// The step that started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parent {
    /// Its run.
    pub(crate) run: RunId,
    /// The instance.
    pub(crate) at: InstanceId,
    /// How deep it is: 1 for one that was started by a run nobody but a person or trigger started.
    pub(crate) depth: u32,
}

impl Record for RunRecord {
    const KIND: &'static str = "run";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// A definition as runs of it have captured it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DefinitionRecord {
    /// Fingerprint of the text it was read from.
    pub(crate) digest: String,
    /// Where it was read from.
    pub(crate) path: String,
    /// The text.
    pub(crate) text: String,
    /// What it says.
    pub(crate) definition: Definition,
}

impl Record for DefinitionRecord {
    const KIND: &'static str = "workflow";
    const VERSION: u16 = 1;
    const BULKY: bool = true;

    fn key(&self) -> String {
        self.digest.clone()
    }
}

/// A line of the journal of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EntryRecord {
    /// The run.
    pub(crate) run: RunId,
    /// What happened.
    pub(crate) told: Told,
}

impl EntryRecord {
    /// What the keys of a run's journal begin with.
    pub(crate) fn begin(run: &RunId) -> String {
        format!("{run}/")
    }
}

impl Record for EntryRecord {
    const KIND: &'static str = "run-entry";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        format!("{}{:010}", Self::begin(&self.run), self.told.seq)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::workflow::model::{Kind, Step};

    #[test]
    fn a_step_that_an_older_gaia_stored_in_full_is_the_same() {
        let stored = json!({
            "id": "s0", "about": "", "parent": null,
            "kind": {"run": {"argv": [[{"text": "/bin/sh"}], [{"text": "true"}]], "values": {}}},
            "needs": [{"step": 0, "on": ["ok"]}], "when": null, "for_each": null, "repeat": null,
            "retry": {"max": 2, "backoff_ms": 1000, "factor": 2.0, "max_backoff_ms": 5, "on": []},
            "timeout_ms": null, "idle_timeout_ms": null, "on_error": "fail", "on_lost": "ask",
            "concurrency": null, "priority": 0, "env": {}, "secrets": {}, "dir": null,
            "outputs": {}, "max_asks": 2, "artifacts": [], "line": 5,
        });
        let step: Step = serde_json::from_value(stored).unwrap();
        assert_eq!(step.retry.as_ref().unwrap().max, 2);
        assert!(matches!(&step.kind, Kind::Run(command) if command.argv.len() == 2));
        let now = json!({
            "id": "s0", "kind": {"run": {"argv": ["/bin/sh", "true"]}},
            "needs": [{"step": 0, "on": ["ok"]}],
            "retry": {"max": 2, "backoff_ms": 1000, "factor": 2.0, "max_backoff_ms": 5, "on": []},
            "max_asks": 2, "line": 5,
        });
        assert_eq!(serde_json::to_value(&step).unwrap(), now);
        assert_eq!(serde_json::from_value::<Step>(now).unwrap(), step);
    }
}
