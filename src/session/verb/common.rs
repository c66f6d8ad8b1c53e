//! What several verbs say and ask.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    base::{Name, Refusal},
    session::{
        actor::{Handle, OpenRequest, Opened},
        find::Finder,
        record::Life,
        view::{PaneView, View},
    },
    verb::{Here, Ui, table},
};

/// How long a verb waits for the programs of new panes to be seen.
const SEEN: Duration = Duration::from_secs(5);

/// What a verb that opens panes has to know of whoever asks.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Caller {
    /// Environment of the caller
    #[arg(skip)]
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Columns and rows of the caller's terminal
    #[arg(skip)]
    #[serde(default)]
    size: Option<(u16, u16)>,
}

/// Size of a session that nobody looks at yet.
const DETACHED: (u16, u16) = (200, 50);

impl Caller {
    /// One that has no terminal.
    pub(crate) fn of(env: BTreeMap<String, String>) -> Self {
        Self { env, size: None }
    }

    /// Completes itself on the caller's side.
    pub(crate) fn prepare(&mut self, here: &Here) {
        self.env.clone_from(&here.env);
        self.size = here.size;
    }

    /// Size of a session that is made for this caller.
    pub(crate) fn size(&self) -> (u16, u16) {
        self.size.unwrap_or(DETACHED)
    }
}

/// What opening a session did.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct OpenedReply {
    /// The session.
    pub(crate) session: String,
    /// What was done (or would be), in order; empty if all was as declared.
    pub(crate) moves: Vec<String>,
    /// Whether it was only asked what would be done.
    pub(crate) dry_run: bool,
    /// The command line that attaches a terminal without gaia.
    pub(crate) attach: String,
}

impl OpenedReply {
    pub(super) fn show(&self, ui: &Ui) -> String {
        let name = ui.paint("1", &self.session);
        let mut lines: Vec<String> = self.moves.iter().map(|one| format!("  {one}")).collect();
        let head = match (self.moves.is_empty(), self.dry_run) {
            (true, _) => format!("{name} is as declared"),
            (false, true) => format!("{name} would change:"),
            (false, false) => format!("{name} is up:"),
        };
        lines.insert(0, head);
        if !self.dry_run {
            lines.push(format!("attach with: gaia attach {}", self.session));
            lines.push(format!("        or: {}", self.attach));
        }
        lines.join("\n")
    }
}

/// Opens a session and waits until its programs are seen. Panes of services are waited for by
/// their services.
pub(crate) async fn open(handle: &Handle, request: OpenRequest) -> Result<OpenedReply, Refusal> {
    let (session, dry_run) = (request.declared.name.clone(), request.dry_run);
    let Opened { moves } = handle.open(request).await?;
    if !dry_run {
        let settled = |view: &View| {
            let of = view.sessions.iter().filter(|s| s.name == session.as_str());
            let mut panes = of.flat_map(|s| &s.windows).flat_map(|w| &w.panes);
            panes.all(|pane| {
                pane.state != Life::Starting || pane.service.is_some() || pane.task.is_some()
            })
        };
        handle.until(SEEN, settled).await;
    }
    Ok(OpenedReply {
        attach: attach_line(handle, &session, false),
        session: session.to_string(),
        moves,
        dry_run,
    })
}

/// The command line that attaches a terminal.
pub(super) fn attach_line(handle: &Handle, session: &Name, read_only: bool) -> String {
    shell_words::join(handle.ports().tmux.attach_argv(session.as_str(), read_only))
}

/// The finder of definitions for a caller with this environment.
pub(super) fn finder<'a>(handle: &'a Handle, env: &'a BTreeMap<String, String>) -> Finder<'a> {
    Finder { files: &*handle.ports().files, home: handle.home(), env }
}

/// Completes a folder argument on the caller's side.
pub(super) fn absolute(dir: &mut Option<PathBuf>, here: &Here) {
    *dir = Some(dir.as_ref().map_or_else(|| here.cwd.clone(), |dir| here.absolute(dir)));
}

/// A session of the view as rows of a table.
pub(crate) fn pane_table(view: &View, ui: &Ui) -> String {
    let mut rows = Vec::new();
    for session in &view.sessions {
        for window in &session.windows {
            for pane in &window.panes {
                rows.push(vec![
                    format!("{}:{}.{}", session.name, window.name, pane.title),
                    state(pane, ui),
                    pane.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
                    pane.id.as_ref().map_or_else(|| "by hand".to_owned(), ToString::to_string),
                    short(&pane.command),
                ]);
            }
        }
    }
    table(ui, &["PANE", "STATE", "PID", "ID", "COMMAND"], rows)
}

/// The first line of a command, cut to what fits a table.
fn short(command: &str) -> String {
    let line = command.lines().next().unwrap_or("");
    let cut: String = line.chars().take(48).collect();
    if cut.len() < command.len() { format!("{cut}…") } else { cut }
}

/// The state of a pane in a word, with how its program ended.
pub(super) fn state(pane: &PaneView, ui: &Ui) -> String {
    let ended = match &pane.exit {
        Some(exit) => match (exit.code, exit.signal) {
            (Some(code), _) => format!(" {code}"),
            (None, Some(signal)) => format!(" signal {signal}"),
            (None, None) => String::new(),
        },
        None => String::new(),
    };
    match pane.state {
        Life::Starting => ui.paint("33", "starting"),
        Life::Held => ui.paint("33", "held"),
        Life::Running => ui.paint("32", "running"),
        Life::Exited => ui.paint("31", &format!("exited{ended}")),
        Life::Closed => ui.paint("2", &format!("closed{ended}")),
        Life::Lost => ui.paint("31", "lost"),
    }
}

/// Reads the session that a name means: the one given, or the only one there is.
pub(super) fn named(view: &Arc<View>, name: Option<&str>) -> Result<String, Refusal> {
    use crate::{base::Code, session::target};
    match name {
        Some(name) => target::session(view, name).map(|s| s.name.clone()),
        None => match &view.sessions[..] {
            [only] => Ok(only.name.clone()),
            [] => Err(Refusal::new(Code::NotFound, "there is no session")
                .help("`gaia up` or `gaia session new` makes one")),
            many => {
                let names: Vec<&str> = many.iter().map(|s| s.name.as_str()).collect();
                Err(Refusal::new(Code::Invalid, "which session? there are several")
                    .help(format!("name one of: {}", names.join(", "))))
            }
        },
    }
}
