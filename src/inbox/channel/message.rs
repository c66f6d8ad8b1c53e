use serde::Serialize;

use crate::{
    base::{ItemId, Moment, Name},
    inbox::model::{Choice, Item, Level, Notice},
};

/// What a person is told: an item that waits for them, or a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    /// The item, if one waits.
    pub(crate) item: Option<ItemId>,
    /// What it is about.
    pub(crate) kind: String,
    /// How much it matters.
    pub(crate) level: Level,
    /// Workspace it belongs to.
    pub(crate) workspace: Option<Name>,
    /// Agent it is about.
    pub(crate) agent: Option<String>,
    /// Task it is about.
    pub(crate) task: Option<String>,
    /// One line.
    pub(crate) title: String,
    /// The rest.
    pub(crate) body: String,
    /// Answers to choose from.
    pub(crate) options: Vec<Choice>,
    /// Until when an answer is taken.
    pub(crate) expires: Option<Moment>,
    /// When it was raised or sent.
    pub(crate) at: Moment,
}

impl Message {
    /// An item that waits for a person.
    pub(crate) fn of_item(item: &Item) -> Self {
        Self {
            item: Some(item.id.clone()),
            kind: item.kind.word().to_owned(),
            level: Level::Warning,
            workspace: item.workspace.clone(),
            agent: item.agent.clone(),
            task: item.task.clone(),
            title: item.title.clone(),
            body: item.body.clone(),
            options: item.options.clone(),
            expires: item.expires,
            at: item.raised,
        }
    }

    /// A notice.
    pub(crate) fn of_notice(notice: Notice, at: Moment) -> Self {
        let Notice { kind, level, title, body, workspace, agent, task } = notice;
        let (options, item, expires) = (vec![], None, None);
        Self { item, kind, level, workspace, agent, task, title, body, options, expires, at }
    }

    /// `question · shop · coder`: where it comes from.
    pub(super) fn origin(&self) -> String {
        let workspace = self.workspace.as_ref().map(Name::as_str);
        let parts =
            [Some(self.kind.as_str()), workspace, self.agent.as_deref(), self.task.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// Everything below the title, with how to answer.
    pub(super) fn text(&self) -> String {
        let mut parts = vec![self.body.clone()];
        let options = self.options.iter().enumerate();
        let options: Vec<String> =
            options.map(|(at, o)| format!("{}. {} ({})", at + 1, o.words, o.id)).collect();
        parts.push(options.join("\n"));
        if let Some(id) = &self.item {
            parts.push(match self.kind.as_str() {
                "permission" | "approval" => format!("gaia approve {id}   gaia deny {id}"),
                _ => format!("gaia answer {id} …"),
            });
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }
}
