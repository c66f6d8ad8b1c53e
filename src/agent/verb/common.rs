//! What several verbs say and ask.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seen::TaskView;
use crate::{
    agent::{actor::Handle, id::TaskId, record::CrewRecord},
    base::{Code, Name, Refusal, duration},
    verb::Here,
};

/// From where a verb is asked.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct At {
    /// Folder of the workspace, or one below it
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
    /// Environment of the caller
    #[arg(skip)]
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
}

impl At {
    /// Completes itself on the caller's side.
    pub(crate) fn prepare(&mut self, here: &Here) {
        self.dir = Some(match &self.dir {
            Some(dir) => here.absolute(dir),
            None => here.cwd.clone(),
        });
        self.env.clone_from(&here.env);
    }

    /// The agents of the workspace, as its gaia.toml declares them now; the actor knows them then.
    pub(crate) async fn crew(&self, handle: &Handle) -> Result<CrewRecord, Refusal> {
        let dir =
            self.dir.clone().ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))?;
        handle.crew(&dir, &self.env).await
    }

    /// The name of the workspace, if the folder lies in one that has agents.
    pub(crate) fn workspace(&self, handle: &Handle) -> Option<Name> {
        let dir = self.dir.as_ref()?;
        let view = handle.view();
        let mut known = view.crews.values();
        known.find(|crew| dir.starts_with(&crew.dir)).map(|crew| crew.workspace.clone())
    }
}

/// A task by the word of a person: `t17` or `17`.
pub(crate) fn task_id(word: &str) -> Result<TaskId, Refusal> {
    let text = if word.starts_with('t') { word.to_owned() } else { format!("t{word}") };
    text.parse()
        .map_err(|e| Refusal::new(Code::Invalid, e).help("`gaia task list` shows the tasks"))
}

/// Refuses a task whose work is being landed just now.
pub(crate) fn not_landing(task: &crate::agent::record::TaskRecord) -> Result<(), Refusal> {
    match task.landing {
        None => Ok(()),
        Some(_) => Err(Refusal::new(Code::Failed, format!("{} is being landed", task.id))
            .help("ask again when that is done")),
    }
}

/// A span of time as people write it.
pub(crate) fn span(text: &str) -> Result<Duration, Refusal> {
    duration(text).ok_or_else(|| {
        Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
            .help("write it like 30s, 20m or 2h")
    })
}

/// A task as it is now.
pub(crate) fn seen(handle: &Handle, id: TaskId) -> Result<TaskView, Refusal> {
    let task = handle.task(id)?;
    Ok(TaskView::of(&task, &handle.view()))
}

/// Waits until tasks rest; `true` for the ones that wait for a person as well.
pub(crate) async fn rest(handle: &Handle, ids: &[TaskId], asking: bool, patience: Duration) {
    use crate::agent::{evidence, model::State};
    // One that was answered just now may be seen to wait a moment longer: its item tells.
    let open = |id: &TaskId| {
        let (items, id) = (handle.world().people.view(), id.to_string());
        items.open().any(|item| item.task.as_ref() == Some(&id))
    };
    handle
        .until(patience, |view| {
            ids.iter().all(|id| {
                view.tasks.get(id).is_none_or(|task| {
                    let waits = task.live().is_some_and(|attempt| {
                        let seen = &attempt.seen;
                        let waits = matches!(seen.state, evidence::State::Waiting(_));
                        waits && (seen.rule != "hook question" || open(id))
                    });
                    let asks = waits || matches!(task.state, State::Asking { .. });
                    task.state.is_over() || (asking && asks)
                })
            })
        })
        .await;
}

/// Longest wait for tasks: a day.
pub(crate) const LONG: Duration = Duration::from_secs(24 * 3600);
