//! What several verbs say and ask.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Code, Moment, Name, Refusal},
    session,
    verb::{Here, Ui, table},
    workflow::{actor::Handle, find::Finder, show, view::RunView},
};

/// From where a verb is asked.
#[derive(Debug, Clone, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct At {
    /// Folder of the workspace, or one below it
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
    /// Environment of the caller
    #[arg(skip)]
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) env: BTreeMap<String, String>,
}

/// A workspace: a folder and its name.
pub(crate) struct Place {
    /// The folder.
    pub(crate) dir: PathBuf,
    /// The name.
    pub(crate) workspace: Name,
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

    /// The workspace: the nearest folder with a gaia.toml, or the folder itself.
    pub(crate) fn place(&self, handle: &Handle) -> Result<Place, Refusal> {
        let dir = self.dir.as_deref();
        let dir = dir.ok_or_else(|| Refusal::new(Code::Invalid, "`dir` is missing"))?;
        place(handle, dir, &self.env)
    }
}

/// The workspace that a folder lies in.
pub(crate) fn place(
    handle: &Handle,
    dir: &Path,
    env: &BTreeMap<String, String>,
) -> Result<Place, Refusal> {
    let sessions = &handle.world().sessions;
    let (files, home) = (&*sessions.ports().files, sessions.home());
    let finder = session::Finder { files, home, env };
    let Ok(top) = finder.workspace(dir) else {
        if !files.is_dir(dir) {
            let message = format!("there is no folder {}", dir.display());
            return Err(Refusal::new(Code::NotFound, message));
        }
        let name = dir.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        return Ok(Place { dir: dir.to_owned(), workspace: Name::near(&name, "workspace") });
    };
    let path = top.join(session::FILE);
    let failed = |what: String| Refusal::new(Code::Failed, what);
    let bytes = files.read(&path, (1 << 20) + 1).map_err(failed)?.unwrap_or_default();
    let source = session::Source { path: path.display().to_string(), bytes };
    let workspace = finder.load(&source, &top, None)?.name;
    Ok(Place { dir: top, workspace })
}

/// Finds workflows from a workspace.
pub(crate) fn finder<'a>(handle: &'a Handle, dir: &'a Path) -> Finder<'a> {
    let sessions = &handle.world().sessions;
    Finder { files: &*sessions.ports().files, home: sessions.home(), dir }
}

/// Runs as a table.
pub(crate) fn run_table(runs: &[RunView], ui: &Ui) -> String {
    let row = |run: &RunView| {
        let took = run.started_at.zip(run.ended_at).map(|(from, to)| span(to.since(from)));
        let why = run.why.as_deref().unwrap_or_default();
        let why: String = why.lines().next().unwrap_or_default().chars().take(60).collect();
        vec![
            run.id.clone(),
            run.workflow.clone(),
            paint(ui, &run.state),
            run.created_at.show(),
            took.unwrap_or_default(),
            run.cost_usd.map_or_else(String::new, |cost| format!("${cost:.4}")),
            why,
        ]
    };
    table(
        ui,
        &["RUN", "WORKFLOW", "STATE", "CREATED", "TOOK", "COST", "WHY"],
        runs.iter().map(row).collect(),
    )
}

/// A run with its steps.
pub(crate) fn show_run(run: &RunView, ui: &Ui) -> String {
    if run.steps.is_empty() {
        return run_table(std::slice::from_ref(run), ui);
    }
    let mut text = show::block(run, ui, run.seen_at);
    if let Some(outputs) = &run.outputs {
        text.push_str(&format!("\noutputs: {outputs}"));
    }
    text
}

fn paint(ui: &Ui, state: &str) -> String {
    let code = match state {
        "done" => "32",
        "failed" => "31",
        "running" => "36",
        "held" | "waiting" => "33",
        _ => "2",
    };
    ui.paint(code, state)
}

/// A span of time in a few characters.
pub(crate) fn span(span: Duration) -> String {
    match span.as_secs() {
        0 => format!("{} ms", span.as_millis()),
        seconds @ 1..=59 => format!("{seconds}.{} s", span.subsec_millis() / 100),
        seconds @ 60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A moment of the past as a person writes it.
pub(crate) fn since(text: &str, now: Moment) -> Result<Moment, Refusal> {
    crate::base::moment_before(text, now).ok_or_else(|| {
        Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
            .help("write it like 10m, 2h or 7d")
    })
}

/// A workflow by the word of a person: a path is meant from where they stand.
pub(crate) fn word(at: &At, word: &str) -> String {
    let is_path =
        word.contains('/') || [".yaml", ".yml", ".json"].iter().any(|e| word.ends_with(e));
    match &at.dir {
        Some(dir) if is_path => dir.join(word).display().to_string(),
        Some(_) | None => word.to_owned(),
    }
}

/// The workflow of a word, read and checked.
pub(crate) fn load(
    handle: &Handle,
    at: &At,
    wanted: &str,
) -> Result<crate::workflow::record::DefinitionRecord, Refusal> {
    let place = at.place(handle)?;
    finder(handle, &place.dir).load(&word(at, wanted))
}

/// The inputs of a workflow in a few words; those that must be given have a `*`.
pub(crate) fn inputs(definition: &crate::workflow::model::Definition) -> Vec<String> {
    let one = |input: &crate::workflow::model::Input| match (&input.default, input.required) {
        (Some(default), _) => format!("{}={default}", input.name),
        (None, true) => format!("{}*", input.name),
        (None, false) => input.name.clone(),
    };
    definition.inputs.iter().map(one).collect()
}
