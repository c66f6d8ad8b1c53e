//! What is stored of a session: its declaration, and one record for each of its panes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Declared, Pane};
use crate::{
    base::{Moment, Name, UnitId, unit::Exit},
    ledger::Record,
};

/// A session gaia keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    /// What it shall be.
    pub(crate) declared: Declared,
    /// Where that comes from.
    pub(crate) origin: Origin,
    /// How far it is.
    pub(crate) phase: Phase,
    /// When it was first asked for.
    pub(crate) created: Moment,
}

/// Where a declaration comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The `gaia.toml` of its folder.
    Workspace,
    /// A layout of this name.
    Layout(String),
    /// Nothing but its name: one window, one shell.
    Bare,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Asked for, not all panes made yet; a daemon that starts goes on with it.
    Opening,
    /// As declared, except where a person decided otherwise.
    Open,
    /// To be ended; a daemon that starts goes on with it.
    Closing,
}

impl SessionRecord {
    /// Its name.
    pub(crate) fn name(&self) -> &Name {
        &self.declared.name
    }
}

impl Record for SessionRecord {
    const KIND: &'static str = "session";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.declared.name.to_string()
    }
}

/// One pane of a session: a declared slot with the unit that fills it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PaneRecord {
    /// The unit.
    pub(crate) unit: UnitId,
    /// Its session.
    pub(crate) session: Name,
    /// Its declared window.
    pub(crate) window: Name,
    /// What was declared when its program was last started.
    pub(crate) pane: Pane,
    /// What became of it.
    pub(crate) life: Life,
    /// Lives of its program so far.
    pub(crate) incarnation: u32,
    /// How the newest finished life ended.
    pub(crate) exit: Option<Exit>,
    /// When the present life began.
    pub(crate) since: Moment,
}

/// What became of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// Asked for; no program has been seen yet.
    Starting,
    /// Its program waits for a person's word before it runs.
    Held,
    /// Its program runs.
    Running,
    /// Its program ended, the pane stays.
    Exited,
    /// The pane is gone: it closed with its program, or a person closed it.
    Closed,
    /// It is gone and nobody knows how it ended (its shim was killed, or the machine went down).
    Lost,
}

impl Life {
    /// Whether a shim stands behind the pane.
    #[must_use]
    pub fn has_shim(self) -> bool {
        matches!(self, Self::Held | Self::Running | Self::Exited)
    }
}

impl Record for PaneRecord {
    const KIND: &'static str = "pane";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.unit.to_string()
    }
}
