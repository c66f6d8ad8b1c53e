//! What several verbs ask and say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    inbox::model::{Item, State, Who},
    verb::{Here, Ui},
};

/// Who answers, and which way.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Caller {
    /// Who answers
    #[arg(skip)]
    #[serde(default)]
    by: Option<String>,
    /// Which way the answer comes
    #[arg(skip)]
    #[serde(default)]
    via: Option<String>,
}

impl Caller {
    /// Completes itself on the caller's side.
    pub(super) fn prepare(&mut self, here: &Here) {
        let name = |variable: &str| here.env.get(variable).filter(|name| !name.is_empty());
        self.by = name("USER").or_else(|| name("LOGNAME")).cloned();
        self.via = Some("cli".to_owned());
    }

    pub(super) fn who(self) -> Who {
        let by = self.by.unwrap_or_else(|| "somebody".to_owned());
        Who { by, via: self.via.unwrap_or_else(|| "api".to_owned()) }
    }
}

/// Where an item comes from, in a few words.
pub(super) fn origin(item: &Item) -> String {
    let workspace = item.workspace.as_ref().map(crate::base::Name::as_str);
    let parts = [workspace, item.agent.as_deref(), item.task.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// How far an item is, in a word or a line.
pub(super) fn state(item: &Item, ui: &Ui) -> String {
    match &item.state {
        State::Open => ui.paint("33", "open"),
        State::Answered { answer, by, via, .. } => {
            format!("{} by {by} ({via}): {}", ui.paint("32", "answered"), answer.show())
        }
        State::Expired { answer: Some(answer), .. } => {
            format!("{}, taken as: {}", ui.paint("31", "expired"), answer.show())
        }
        State::Expired { answer: None, .. } => ui.paint("31", "expired"),
        State::Withdrawn { why, .. } => format!("{}: {why}", ui.paint("2", "withdrawn")),
    }
}
