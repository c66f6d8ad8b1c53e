//! What a person sees of all sessions: the records and what tmux shows, folded into one picture.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    model::Command,
    record::{Life, PaneRecord, Phase, SessionRecord},
};
use crate::{
    base::{
        Moment, UnitId,
        unit::{Exit, State},
    },
    port::SeenPane,
};

/// All sessions of a home.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// Sessions by name.
    pub sessions: Vec<SessionView>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionView {
    /// Its name.
    pub name: String,
    /// How far it is; absent for a session a person made in tmux.
    pub phase: Option<Phase>,
    /// Folder of its workspace.
    pub dir: String,
    /// When it was first asked for.
    pub created: Moment,
    /// Terminals attached to it.
    pub attached: u32,
    /// tmux's id of it (`$1`), if it has one now.
    pub tmux: Option<String>,
    /// Last activity, seconds since the Unix epoch; 0 if tmux does not show it.
    pub activity: u64,
    /// Windows in tmux's order; those without a pane come last.
    pub windows: Vec<WindowView>,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WindowView {
    /// Place in the session; 0 if tmux does not show it.
    pub index: u32,
    /// Present name.
    pub name: String,
    /// tmux's id of it (`@2`).
    pub tmux: Option<String>,
    /// Arrangement as tmux tells it.
    pub layout: String,
    /// Whether it is the current one of its session.
    pub active: bool,
    /// Panes in tmux's order.
    pub panes: Vec<PaneView>,
}

/// One pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaneView {
    /// gaia's id of it; absent for a pane a person made in tmux.
    pub id: Option<UnitId>,
    /// Place in the window; 0 if tmux does not show it.
    pub index: u32,
    /// Title: its declared name, or what tmux shows for a pane a person made.
    pub title: String,
    /// What became of it: `starting`, `held`, `running`, `exited`, `closed`, `lost`.
    pub state: Life,
    /// Process id of its program, while it runs.
    pub pid: Option<i32>,
    /// Process id of its shim, while there is one.
    #[serde(default)]
    pub shim: Option<i32>,
    /// How its newest finished life ended.
    pub exit: Option<Exit>,
    /// Lives of its program so far.
    pub incarnation: u32,
    /// What it runs, as declared.
    pub command: String,
    /// tmux's id of it (`%3`), if a pane shows it now.
    pub tmux: Option<String>,
    /// Columns and rows.
    pub size: Option<(u16, u16)>,
    /// Whether it is the current one of its window.
    pub active: bool,
    /// The service that runs in it, if one does.
    #[serde(default)]
    pub service: Option<String>,
    /// The attempt at a task that runs in it, if one does.
    #[serde(default)]
    pub task: Option<String>,
    /// Whether gaia keeps it (its output is logged and its program survives the server).
    pub managed: bool,
}

/// What a view is folded from.
pub(crate) struct Facts<'a> {
    /// Session records.
    pub(crate) sessions: Vec<&'a SessionRecord>,
    /// Pane records.
    pub(crate) panes: &'a BTreeMap<UnitId, PaneRecord>,
    /// Last words of the shims.
    pub(crate) shims: &'a BTreeMap<UnitId, State>,
    /// What tmux shows.
    pub(crate) seen: &'a [SeenPane],
}

impl View {
    /// Every pane with its session.
    pub(crate) fn panes(&self) -> impl Iterator<Item = (&SessionView, &PaneView)> {
        let windows = self.sessions.iter().flat_map(|s| s.windows.iter().map(move |w| (s, w)));
        windows.flat_map(|(s, w)| w.panes.iter().map(move |p| (s, p)))
    }

    /// The pane that shows a service.
    pub(crate) fn service_pane(
        &self,
        session: &crate::base::Name,
        service: &str,
    ) -> Option<&PaneView> {
        let of = self.sessions.iter().find(|s| s.name == session.as_str())?;
        let mut panes = of.windows.iter().flat_map(|window| &window.panes);
        panes.find(|pane| pane.service.as_deref() == Some(service))
    }

    /// The pane that shows an attempt at a task.
    pub(crate) fn task_pane(&self, task: &str) -> Option<&PaneView> {
        self.panes().map(|(_, pane)| pane).find(|pane| pane.task.as_deref() == Some(task))
    }

    /// Folds everything into one picture. A pane stands where tmux shows it, wherever it was
    /// declared; one that tmux does not show stands in its declared window.
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut sessions: Vec<SessionView> =
            facts.sessions.iter().map(|record| declared(record)).collect();
        for seen in facts.seen {
            let at = session_of(&mut sessions, seen);
            let pane = shown(facts, seen);
            add(&mut sessions[at], seen, pane);
        }
        for record in facts.panes.values() {
            let is_shown = facts.seen.iter().any(|s| s.unit.as_ref() == Some(&record.unit));
            let session = sessions.iter_mut().find(|s| s.name == record.session.as_str());
            if let (false, Some(session)) = (is_shown, session) {
                add_missing(session, record, facts.shims.get(&record.unit));
            }
        }
        for session in &mut sessions {
            session.windows.sort_by_key(|w| (w.index == 0, w.index));
            for window in &mut session.windows {
                window.panes.sort_by_key(|p| (p.index == 0, p.index));
            }
        }
        Self { sessions }
    }
}

fn declared(record: &SessionRecord) -> SessionView {
    SessionView {
        name: record.name().to_string(),
        phase: Some(record.phase),
        dir: record.declared.dir.display().to_string(),
        created: record.created,
        attached: 0,
        tmux: None,
        activity: 0,
        windows: vec![],
    }
}

fn session_of(sessions: &mut Vec<SessionView>, seen: &SeenPane) -> usize {
    let same = |s: &SessionView| {
        s.tmux.as_deref() == Some(&seen.session)
            || (s.tmux.is_none() && s.phase.is_some() && s.name == seen.session_tag)
    };
    let at = sessions.iter().position(same).unwrap_or_else(|| {
        sessions.push(SessionView {
            name: seen.session_name.clone(),
            phase: None,
            dir: String::new(),
            created: Moment(0),
            attached: 0,
            tmux: None,
            activity: 0,
            windows: vec![],
        });
        sessions.len() - 1
    });
    let session = &mut sessions[at];
    session.tmux = Some(seen.session.clone());
    session.attached = seen.attached;
    session.activity = seen.activity;
    at
}

fn add(session: &mut SessionView, seen: &SeenPane, pane: PaneView) {
    let at = session.windows.iter().position(|w| w.tmux.as_deref() == Some(&seen.window));
    let at = at.unwrap_or_else(|| {
        session.windows.push(WindowView {
            index: seen.window_index,
            name: seen.window_name.clone(),
            tmux: Some(seen.window.clone()),
            layout: seen.layout.clone(),
            active: seen.window_active,
            panes: vec![],
        });
        session.windows.len() - 1
    });
    session.windows[at].panes.push(pane);
}

fn add_missing(session: &mut SessionView, record: &PaneRecord, shim: Option<&State>) {
    let at = session.windows.iter().position(|w| w.name == record.window.as_str());
    let at = at.unwrap_or_else(|| {
        session.windows.push(WindowView {
            index: 0,
            name: record.window.to_string(),
            tmux: None,
            layout: String::new(),
            active: false,
            panes: vec![],
        });
        session.windows.len() - 1
    });
    session.windows[at].panes.push(managed(record, shim));
}

fn shown(facts: &Facts<'_>, seen: &SeenPane) -> PaneView {
    let record = seen.unit.as_ref().and_then(|unit| facts.panes.get(unit));
    let mut pane = match record {
        Some(record) => managed(record, facts.shims.get(&record.unit)),
        None => by_hand(seen),
    };
    pane.index = seen.pane_index;
    pane.tmux = Some(seen.pane.clone());
    pane.size = Some((seen.cols, seen.rows));
    pane.active = seen.active;
    pane
}

fn managed(record: &PaneRecord, shim: Option<&State>) -> PaneView {
    let runs = matches!(record.life, Life::Running | Life::Held);
    let child = shim.filter(|_| runs).and_then(|shim| shim.claim.child);
    PaneView {
        id: Some(record.unit.clone()),
        index: 0,
        title: record.pane.name.to_string(),
        state: record.life,
        pid: child.map(|child| child.pid),
        shim: shim.map(|shim| shim.claim.shim.pid),
        exit: record.exit.clone(),
        incarnation: record.incarnation,
        command: record.pane.command.show(),
        tmux: None,
        size: None,
        active: false,
        service: match &record.pane.command {
            Command::Service(name) => Some(name.clone()),
            Command::Shell | Command::Line(_) | Command::Argv(_) | Command::Task(_) => None,
        },
        task: match &record.pane.command {
            Command::Task(name) => Some(name.clone()),
            Command::Shell | Command::Line(_) | Command::Argv(_) | Command::Service(_) => None,
        },
        managed: true,
    }
}

fn by_hand(seen: &SeenPane) -> PaneView {
    PaneView {
        id: None,
        index: 0,
        title: seen.title.clone(),
        state: if seen.dead { Life::Exited } else { Life::Running },
        pid: Some(seen.pid),
        shim: None,
        exit: None,
        incarnation: 0,
        command: String::new(),
        tmux: None,
        size: None,
        active: false,
        service: None,
        task: None,
        managed: false,
    }
}
