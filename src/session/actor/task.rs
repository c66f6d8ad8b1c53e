//! Panes for attempts at tasks: a window each, beside whatever else the session shows.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Handle, OpenRequest};
use crate::{
    base::{Code, Name, Refusal, UnitId},
    session::{
        file::shell_window,
        model::{Command, Declared, Pane, Window},
        record::{Life, Origin, SessionRecord},
        view::View,
    },
};

/// How often a pane is tried to be made, and how long its shim is waited for each time.
const TRIES: u32 = 10;
const TRY: Duration = Duration::from_secs(1);

/// A pane for an attempt at a task.
#[derive(Debug, Clone)]
pub(crate) struct TaskPane {
    /// Its session.
    pub(crate) session: Name,
    /// Folder of the workspace.
    pub(crate) dir: PathBuf,
    /// Its window.
    pub(crate) window: Name,
    /// The attempt, unique in the home.
    pub(crate) task: String,
    /// Working folder.
    pub(crate) cwd: PathBuf,
}

impl Handle {
    /// The session in which the attempts of a workspace are shown: that of the workspace, unless
    /// one of that name belongs to somebody else.
    pub(crate) fn session_for(&self, workspace: &Name, dir: &std::path::Path) -> Name {
        let view = self.view();
        let found = view.sessions.iter().find(|session| session.name == workspace.as_str());
        match found {
            Some(session) if Path::new(&session.dir) != dir => {
                Name::near(&format!("{workspace}-agents"), "agents")
            }
            _ => workspace.clone(),
        }
    }

    /// The shims of all attempts.
    pub(crate) fn task_shims(&self) -> HashMap<i32, UnitId> {
        let view = self.view();
        let shim = |pane: &crate::session::PaneView| Some((pane.shim?, pane.id.clone()?));
        let of = view.panes().map(|(_, pane)| pane).filter(|pane| pane.task.is_some());
        of.filter_map(shim).collect()
    }

    /// The attempt that a unit belongs to.
    pub(crate) fn task_of(&self, unit: &UnitId) -> Option<String> {
        let view = self.view();
        let mut panes = view.panes();
        panes.find(|(_, pane)| pane.id.as_ref() == Some(unit))?.1.task.clone()
    }

    /// The unit of the pane of an attempt, made if need be; returns when its shim is there. Asked
    /// twice, it makes one pane.
    pub(crate) async fn open_task(&self, wanted: &TaskPane) -> Result<UnitId, Refusal> {
        let has_shim =
            |view: &View| view.task_pane(&wanted.task).is_some_and(|pane| pane.state.has_shim());
        for _ in 0..TRIES {
            let view = self.view();
            let there = view.task_pane(&wanted.task).filter(|pane| pane.state.has_shim());
            match there.and_then(|pane| pane.id.clone()) {
                Some(unit) if self.ports().units.found(&unit).await.is_ok_and(|f| f.alive) => {
                    return Ok(unit);
                }
                Some(_) => drop(self.until(TRY, |view| !has_shim(view)).await),
                None => {
                    self.make_task(wanted).await?;
                    self.until(TRY, has_shim).await;
                }
            }
        }
        Err(Refusal::new(Code::Failed, format!("no pane could be made for {}", wanted.task))
            .help("`gaia doctor` looks at the tmux server"))
    }

    async fn make_task(&self, wanted: &TaskPane) -> Result<(), Refusal> {
        let record = self.ledger().load::<SessionRecord>(wanted.session.as_str())?;
        let (mut declared, origin) = match record {
            Some(record) => (self.without_closed(record.declared), record.origin),
            None => {
                let (name, dir) = (wanted.session.clone(), wanted.dir.clone());
                (Declared { name, dir, windows: vec![] }, Origin::Bare)
            }
        };
        // The window of an earlier attempt, one whose shim was lost say, gives way to this one's.
        let shows = |pane: &Pane| matches!(&pane.command, Command::Task(t) if *t == wanted.task);
        declared.windows.retain(|w| w.name != wanted.window || w.panes.iter().any(shows));
        if !declared.windows.iter().any(|window| window.name == wanted.window) {
            declared.windows.push(window(wanted));
        }
        let request = OpenRequest {
            declared,
            origin,
            env: BTreeMap::new(),
            size: (200, 50),
            dry_run: false,
            fresh: false,
            hold: false,
            only: Some(BTreeSet::from([wanted.task.clone()])),
        };
        self.open(request).await.map(drop)
    }

    /// Windows of attempts whose panes are gone are no part of a session any more.
    fn without_closed(&self, mut declared: Declared) -> Declared {
        let view = self.view();
        let gone = |pane: &Pane| match &pane.command {
            Command::Task(task) => view.task_pane(task).is_none_or(|p| p.state == Life::Closed),
            Command::Shell | Command::Line(_) | Command::Argv(_) | Command::Service(_) => false,
        };
        declared.windows.retain(|window| !window.panes.iter().all(gone));
        declared
    }
}

fn window(wanted: &TaskPane) -> Window {
    let mut window = shell_window(wanted.window.clone(), wanted.cwd.clone());
    for pane in &mut window.panes {
        // A unit belongs to a place: each attempt has one of its own.
        pane.name = Name::near(&wanted.task, "agent");
        pane.command = Command::Task(wanted.task.clone());
        pane.added = true;
    }
    window
}
