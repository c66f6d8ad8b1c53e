//! What the ledger is told of sessions and panes.

use serde::{Deserialize, Serialize};

use crate::base::{
    Name, UnitId,
    unit::{Exit, Reason},
};

/// Who brought something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    /// A verb of gaia's.
    Gaia,
    /// A person, by hand in tmux.
    Operator,
}

crate::facts! {
    SessionPlanned = "session.planned", "a session was asked for; its panes are about to be made"
        { name: Name, dir: String, panes: Vec<UnitId> }
    SessionOpened = "session.opened", "all panes of a session are made" { name: Name }
    SessionChanged = "session.changed", "a session was brought to a new declaration"
        { name: Name, moves: Vec<String> }
    SessionRenamed = "session.renamed", "a session has another name" { from: Name, to: Name, by: By }
    SessionClosing = "session.closing", "a session is to end" { name: Name }
    SessionClosed = "session.closed", "a session has ended" { name: Name, by: By }
    PaneStarted = "pane.started", "a program began in a pane"
        { unit: UnitId, session: Name, window: Name, pane: Name, incarnation: u32, pid: Option<i32> }
    PaneExited = "pane.exited", "a program ended: its exit code or signal, and why"
        {
            unit: UnitId, session: Name, window: Name, pane: Name, incarnation: u32,
            code: Option<i32>, signal: Option<i32>, core: bool, reason: Reason, log_end: u64,
        }
    PaneClosed = "pane.closed", "a pane is gone; `operator`: a person closed it"
        { unit: UnitId, session: Name, pane: Name, by: By }
    PaneLost = "pane.lost", "a pane is gone and nobody knows how its program ended"
        { unit: UnitId, session: Name, pane: Name }
    PaneSent = "pane.sent", "text or keys were sent to a pane (how many bytes, not which)"
        { unit: UnitId, session: Name, pane: Name, bytes: u64 }
    ServerStarted = "tmux.started", "a new tmux server runs" { pid: i32, start: u64, version: String }
}

impl PaneExited {
    /// The fact of one exit.
    pub(crate) fn of(record: &super::record::PaneRecord, exit: &Exit) -> Self {
        Self {
            unit: record.unit.clone(),
            session: record.session.clone(),
            window: record.window.clone(),
            pane: record.pane.name.clone(),
            incarnation: exit.incarnation,
            code: exit.code,
            signal: exit.signal,
            core: exit.core,
            reason: exit.reason.clone(),
            log_end: exit.log_end,
        }
    }
}
