//! Windows and panes that a verb adds to a session.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{self, Caller, OpenedReply};
use crate::{
    base::{Code, Name, Refusal},
    session::{
        actor::{Handle, OpenRequest},
        file::shell_window,
        model::{Command, Declared, Pane, Window},
        record::SessionRecord,
        target,
    },
    verb::Here,
};

/// What is added, as the caller says it.
#[derive(Debug, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct New {
    /// Its name; a free one if it is left out
    #[arg(long)]
    name: Option<Name>,
    /// Working folder; that of the session if it is left out
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Program and its arguments, after `--`; a shell if there is none
    #[arg(last = true)]
    #[serde(default)]
    command: Vec<String>,
    /// Who asks
    #[command(flatten)]
    #[serde(flatten)]
    caller: Caller,
}

impl New {
    /// Completes itself on the caller's side.
    pub(super) fn prepare(&mut self, here: &Here) {
        self.dir = self.dir.as_ref().map(|dir| here.absolute(dir));
        self.caller.prepare(here);
    }
}

/// Adds a window with one pane.
pub(super) async fn window(
    sessions: &Handle,
    session: &str,
    new: New,
) -> Result<OpenedReply, Refusal> {
    let record = record(sessions, session)?;
    let mut declared = record.declared.clone();
    let taken = |name: &Name| declared.windows.iter().any(|w| w.name == *name);
    let name = free_name(new.name.clone(), "window", &taken)?;
    let pane = Pane { name: Name::near("main", "main"), ..pane(&declared, &new) };
    let empty = shell_window(name, pane.dir.clone());
    declared.windows.push(Window { panes: vec![pane], ..empty });
    open(sessions, record, declared, new.caller).await
}

/// Adds a pane to a window.
pub(super) async fn pane_to(
    sessions: &Handle,
    text: &str,
    new: New,
) -> Result<OpenedReply, Refusal> {
    let view = sessions.view();
    let (session, seen) = target::window(&view, text)?;
    let record = record(sessions, &session.name)?;
    let mut declared = record.declared.clone();
    let template = pane(&declared, &new);
    let at = declared.windows.iter().position(|w| w.name.as_str() == seen.name);
    let Some(window) = at.map(|at| &mut declared.windows[at]) else {
        let message = format!("a person made the window `{}`", seen.name);
        return Err(Refusal::new(Code::Invalid, message)
            .help("split it in tmux, or add a window with `gaia session add-window`"));
    };
    let taken = |name: &Name| window.panes.iter().any(|p| p.name == *name);
    let name = free_name(new.name.clone(), "pane", &taken)?;
    window.panes.push(Pane { name, ..template });
    open(sessions, record, declared, new.caller).await
}

fn record(sessions: &Handle, name: &str) -> Result<SessionRecord, Refusal> {
    let view = sessions.view();
    let known = target::session(&view, name)?;
    sessions.ledger().load(&known.name)?.ok_or_else(|| {
        Refusal::new(Code::Invalid, format!("a person made the session `{name}`"))
            .help("gaia adds only to sessions of its own")
    })
}

fn free_name(
    wanted: Option<Name>,
    word: &str,
    taken: &dyn Fn(&Name) -> bool,
) -> Result<Name, Refusal> {
    match wanted {
        Some(name) if taken(&name) => {
            Err(Refusal::new(Code::Invalid, format!("there is a {word} `{name}` already")))
        }
        Some(name) => Ok(name),
        None => {
            let numbered = (2..).map(|n| Name::near(&format!("{word}-{n}"), word));
            let free = numbered.take(1000).find(|name| !taken(name));
            free.ok_or_else(|| Refusal::new(Code::Invalid, format!("too many {word}s")))
        }
    }
}

fn pane(declared: &Declared, new: &New) -> Pane {
    let dir = new.dir.clone().unwrap_or_else(|| declared.dir.clone());
    let shell = shell_window(Name::near("main", "main"), dir).panes.remove(0);
    let command =
        if new.command.is_empty() { Command::Shell } else { Command::Argv(new.command.clone()) };
    Pane { command, added: true, ..shell }
}

async fn open(
    sessions: &Handle,
    record: SessionRecord,
    declared: Declared,
    caller: Caller,
) -> Result<OpenedReply, Refusal> {
    let request = OpenRequest {
        declared,
        origin: record.origin,
        size: caller.size(),
        env: caller.env,
        dry_run: false,
        fresh: false,
        hold: false,
        only: None,
    };
    common::open(sessions, request).await
}
