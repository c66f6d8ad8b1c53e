//! All choices of the session domain: which moves bring the real to the declared, what the end of
//! a program means for its pane, and when a program is started again.
#![deny(clippy::wildcard_enum_match_arm)]

use std::time::Duration;

use super::{
    model::{Command, Declared, Layout, Pane},
    record::Life,
};
use crate::base::{
    Name, UnitId,
    unit::{Exit, OnExit, Reason},
};

/// A declared place of a session and what stands there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The unit.
    pub(crate) unit: UnitId,
    /// Its declared window.
    pub(crate) window: Name,
    /// What was declared when it was last started.
    pub(crate) pane: Pane,
    /// What became of it.
    pub(crate) life: Life,
    /// Whether a tmux pane shows it.
    pub(crate) shown: bool,
}

/// One move towards the declared; carried out in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Move {
    /// Make a pane for a slot that has no unit yet.
    Make(Name, Pane),
    /// Make a pane for a unit and run its program (again).
    Open(UnitId, Name, Pane),
    /// Make a pane for a unit whose program runs without one.
    Show(UnitId, Name),
    /// Run the program of a unit afresh, as now declared.
    Change(UnitId, Name, Pane),
    /// Take note of a change that does not concern the running program.
    Note(UnitId, Name, Pane),
    /// Stop a unit and close its pane.
    Close(UnitId, Name, Name),
    /// Arrange the panes of a window.
    Arrange(Name, Layout),
}

impl Move {
    /// The service or the task whose pane it is about, if it is about one.
    pub(crate) fn held_for(&self) -> Option<&str> {
        match self {
            Self::Make(_, pane) | Self::Open(_, _, pane) => match &pane.command {
                Command::Service(name) | Command::Task(name) => Some(name),
                Command::Shell | Command::Line(_) | Command::Argv(_) => None,
            },
            Self::Show(..)
            | Self::Change(..)
            | Self::Note(..)
            | Self::Close(..)
            | Self::Arrange(..) => None,
        }
    }

    /// The move as a person reads it, and as the ledger keeps it.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Make(window, pane) => format!("make {window}.{}", pane.name),
            Self::Open(_, window, pane) => format!("open {window}.{}", pane.name),
            Self::Show(unit, window) => format!("show {unit} in {window}"),
            Self::Change(_, window, pane) => format!("restart {window}.{}", pane.name),
            Self::Note(_, window, pane) => format!("note {window}.{}", pane.name),
            Self::Close(_, window, pane) => format!("close {window}.{pane}"),
            Self::Arrange(window, _) => format!("arrange {window}"),
        }
    }
}

/// The fewest moves from what is there to what is wanted; none if it is as wanted already.
///
/// A program that ended in a pane that stays is left alone: that is what its `on_exit` asked for.
/// Panes that a person made are not slots, so no move ever concerns them.
pub(crate) fn plan(wanted: &Declared, old: &Declared, slots: &[Slot]) -> Vec<Move> {
    let mut moves = Vec::new();
    for slot in slots {
        let kept = find(wanted, &slot.window, &slot.pane.name).is_some();
        if !kept && (slot.life.has_shim() || slot.shown) {
            let pane = slot.pane.name.clone();
            moves.push(Move::Close(slot.unit.clone(), slot.window.clone(), pane));
        }
    }
    for window in &wanted.windows {
        let before = moves.len();
        for pane in &window.panes {
            let at = |s: &&Slot| s.window == window.name && s.pane.name == pane.name;
            moves.extend(one(&window.name, pane, slots.iter().find(at)));
        }
        let grew = moves[before..].iter().any(makes_a_pane);
        let shrank = moves.iter().any(|m| matches!(m, Move::Close(_, w, _) if *w == window.name));
        let before = old.windows.iter().find(|w| w.name == window.name);
        let rearranged = before.is_some_and(|w| w.layout != window.layout);
        if window.panes.len() > 1 && (grew || shrank || rearranged) {
            moves.push(Move::Arrange(window.name.clone(), window.layout.clone()));
        }
    }
    moves
}

fn makes_a_pane(one: &Move) -> bool {
    match one {
        Move::Make(..) | Move::Open(..) | Move::Show(..) => true,
        Move::Change(..) | Move::Note(..) | Move::Close(..) | Move::Arrange(..) => false,
    }
}

fn one(window: &Name, pane: &Pane, slot: Option<&Slot>) -> Option<Move> {
    let Some(slot) = slot else { return Some(Move::Make(window.clone(), pane.clone())) };
    let unit = slot.unit.clone();
    let open = || Move::Open(unit.clone(), window.clone(), pane.clone());
    match slot.life {
        Life::Starting if !slot.shown => Some(open()),
        Life::Closed | Life::Lost => Some(open()),
        Life::Starting | Life::Held | Life::Running | Life::Exited => {
            if runs_otherwise(&slot.pane, pane) {
                Some(Move::Change(unit, window.clone(), pane.clone()))
            } else if !slot.shown {
                Some(Move::Show(unit, window.clone()))
            } else if slot.pane != *pane {
                Some(Move::Note(unit, window.clone(), pane.clone()))
            } else {
                None
            }
        }
    }
}

/// Whether a change of the declaration needs another process.
fn runs_otherwise(old: &Pane, new: &Pane) -> bool {
    old.command != new.command
        || old.dir != new.dir
        || old.env != new.env
        || old.env_files != new.env_files
        || old.pass_env != new.pass_env
        || old.limits != new.limits
}

fn find<'a>(declared: &'a Declared, window: &Name, pane: &Name) -> Option<&'a Pane> {
    let window = declared.windows.iter().find(|w| w.name == *window)?;
    window.panes.iter().find(|p| p.name == *pane)
}

/// What the end of a program means for its pane.
pub(crate) fn after_exit(on_exit: OnExit, reason: &Reason) -> Life {
    match (reason, on_exit) {
        (Reason::Hangup | Reason::ServerExit, _) => Life::Closed,
        (Reason::Exited | Reason::Stopped, OnExit::Close) => Life::Closed,
        (Reason::Exited | Reason::Stopped, OnExit::Keep | OnExit::Restart) => Life::Exited,
        (Reason::NotStarted(_), OnExit::Keep | OnExit::Restart | OnExit::Close) => Life::Exited,
    }
}

/// First pause before a program is started again; doubled with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A program that lived this long has not failed in a row.
const LIVED: Duration = Duration::from_secs(60);

/// When a program shall be started again: after which pause, and the count of failures in a row to
/// remember. `None` if it shall not: it was stopped on request or closed by a person.
pub(crate) fn again(
    on_exit: OnExit,
    exit: &Exit,
    lived: Duration,
    failures: u32,
) -> Option<(Duration, u32)> {
    let by_itself = matches!(exit.reason, Reason::Exited | Reason::NotStarted(_));
    if on_exit != OnExit::Restart || !by_itself {
        return None;
    }
    let failures = if lived >= LIVED { 0 } else { failures };
    let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE);
    Some((pause, failures.saturating_add(1)))
}

#[cfg(test)]
mod tests;
