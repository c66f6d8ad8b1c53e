use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    agent::{
        actor::Handle,
        model::{Agent, State},
        stats,
        verb::common::At,
        view::View,
    },
    base::{Moment, Refusal},
    verb::{Here, Method, Ui, Verb, table},
};

/// `gaia agent list`
pub(super) struct List;

/// Arguments of [`List`].
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Args {
    /// Of all workspaces
    #[arg(long)]
    #[serde(default)]
    all: bool,
    /// From where
    #[command(flatten)]
    #[serde(flatten)]
    at: At,
}

/// An agent and what it does.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Row {
    /// Its name.
    name: String,
    /// Its workspace.
    workspace: String,
    /// Its driver.
    driver: String,
    /// Whether nobody declared it: it stands for its driver.
    #[serde(default)]
    implied: bool,
    /// Its labels.
    labels: Vec<String>,
    /// What it does: a word for each task it is at; `idle` if there is none.
    state: String,
    /// The task.
    task: Option<String>,
    /// Since when.
    since: Option<Moment>,
    /// What was seen.
    evidence: String,
    /// The rule that says so.
    rule: String,
    /// Tasks that wait for it by name.
    queued: u32,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ABOUT: &'static str = "List agents and what each does";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/agents/list";
    type Args = Args;
    type Reply = Vec<Row>;
    type Ctx = Handle;

    fn prepare(args: &mut Args, here: &Here) -> Result<(), Refusal> {
        args.at.prepare(here);
        Ok(())
    }

    async fn run(handle: Handle, args: Args) -> Result<Self::Reply, Refusal> {
        let here = match args.all {
            true => None,
            false => match args.at.crew(&handle).await {
                Ok(crew) => Some(crew.workspace),
                Err(_) => args.at.workspace(&handle),
            },
        };
        handle
            .until(std::time::Duration::from_millis(200), |view| {
                here.as_ref().is_none_or(|here| view.crews.contains_key(here))
            })
            .await;
        let view = handle.view();
        let crews = view.crews.values();
        let crews = crews.filter(|crew| here.as_ref().is_none_or(|here| crew.workspace == *here));
        let rows = crews.flat_map(|crew| {
            crew.agents.iter().flat_map(|agent| rows(&view, &crew.workspace, agent))
        });
        Ok(rows.collect())
    }

    fn show(reply: &Self::Reply, ui: &Ui) -> String {
        if reply.is_empty() {
            return "no agents; a gaia.toml declares them: [agents.builder] driver = \"claude\""
                .to_owned();
        }
        agent_table(reply, ui)
    }
}

/// Agents as a table.
pub(crate) fn agent_table(rows: &[Row], ui: &Ui) -> String {
    let of = |row: &Row| match rows.iter().all(|other| other.workspace == row.workspace) {
        true => row.name.clone(),
        false => format!("{}@{}", row.name, row.workspace),
    };
    let line = |row: &Row| {
        let colour = match row.state.as_str() {
            "idle" => "2",
            "working" => "33",
            state if state.starts_with("waiting") => "35",
            "done" => "32",
            _ => "31",
        };
        vec![
            of(row),
            match row.implied {
                true => format!("{} (implied)", row.driver),
                false => row.driver.clone(),
            },
            ui.paint(colour, &row.state),
            row.task.clone().unwrap_or_else(|| "-".to_owned()),
            row.evidence.chars().take(50).collect(),
        ]
    };
    table(ui, &["AGENT", "DRIVER", "STATE", "TASK", "EVIDENCE"], rows.iter().map(line).collect())
}

/// One row for each task an agent is at, or one that says that it is at none.
pub(crate) fn rows(view: &View, workspace: &crate::base::Name, agent: &Agent) -> Vec<Row> {
    let queued = stats::of(view.tasks.values(), workspace, &agent.name).queued;
    let blank = Row {
        name: agent.name.to_string(),
        workspace: workspace.to_string(),
        driver: agent.driver.clone(),
        implied: agent.implied,
        labels: agent.labels.clone(),
        state: "idle".to_owned(),
        task: None,
        since: None,
        evidence: String::new(),
        rule: "no task".to_owned(),
        queued,
    };
    let at = view.tasks.values().filter(|task| {
        task.workspace == *workspace
            && matches!(task.state, State::Running | State::Asking { .. })
            && task.last().is_some_and(|attempt| attempt.agent == agent.name)
    });
    let busy: Vec<Row> = at
        .filter_map(|task| {
            let seen = &task.last()?.seen;
            Some(Row {
                state: seen.state.to_string(),
                task: Some(task.id.to_string()),
                since: Some(seen.since),
                evidence: seen.evidence.clone(),
                rule: seen.rule.clone(),
                ..blank.clone()
            })
        })
        .collect();
    if busy.is_empty() { vec![blank] } else { busy }
}
