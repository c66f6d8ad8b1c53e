//! What shims and programs tell.

use std::{sync::Arc, time::Duration};

use super::{Actor, work::World};
use crate::{
    base::{
        UnitId,
        unit::{Exit, Reason, State as ShimState},
    },
    port::UnitEvent,
    service::{
        machine::{Answer, Ended, How, Input, Phase},
        model::ServiceId,
        probe::{Check, Role},
    },
};

/// Messages kept of a program that is not known to run yet.
const EARLY: usize = 64;
/// How often it is looked whether a program has died with its shim, and how long apart.
const LOOKS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);

impl Actor {
    /// Takes in one event of a shim.
    pub(super) async fn hear(&mut self, event: UnitEvent) {
        match event {
            UnitEvent::Hello(state) | UnitEvent::Started(state) => self.runs(&state),
            UnitEvent::Exit(exit) => {
                if let Some(id) = self.owner(&exit.id) {
                    self.feed(&id, Input::Exited(ended(&exit)));
                }
            }
            UnitEvent::Emptied(unit, incarnation) => {
                if let Some(id) = self.owner(&unit) {
                    self.feed(&id, Input::Emptied { incarnation });
                }
            }
            UnitEvent::Gone(unit) => self.gone(&unit).await,
        }
    }

    /// The service that runs in a unit.
    pub(super) fn owner(&mut self, unit: &UnitId) -> Option<ServiceId> {
        if let Some(id) = self.units.get(unit) {
            return Some(id.clone());
        }
        let (workspace, service) = self.sessions.service_of(unit)?;
        let id: ServiceId = format!("{service}@{workspace}").parse().ok()?;
        // While it runs in one pane, another one is nothing of it.
        self.slots.get(&id).filter(|slot| slot.pid.is_none())?;
        self.settle_in(&id, unit.clone());
        Some(id)
    }

    /// A service lives in this unit from now on; in another one than before its lives are counted
    /// anew.
    pub(super) fn settle_in(&mut self, id: &ServiceId, unit: UnitId) {
        self.units.insert(unit.clone(), id.clone());
        let Some(slot) = self.slots.get_mut(id) else { return };
        let old = slot.unit.replace(unit.clone()).filter(|old| *old != unit);
        if let Some(old) = old {
            self.units.remove(&old);
            self.feed(id, Input::Moved);
        }
    }

    fn runs(&mut self, shim: &ShimState) {
        let Some(id) = self.owner(&shim.claim.id) else { return };
        if let Some(exit) = &shim.exit {
            // It may have ended while nobody was connected.
            return self.feed(&id, Input::Exited(ended(exit)));
        }
        if shim.held {
            return;
        }
        let incarnation = shim.claim.incarnation;
        let Some(slot) = self.slots.get_mut(&id) else { return };
        slot.pid = shim.claim.child.map(|child| child.pid);
        if incarnation > slot.state.incarnation {
            slot.log_from = shim.log_end;
        }
        slot.asking_for = None;
        self.dirty.insert(id.clone());
        self.feed(&id, Input::Started { incarnation, preparing: shim.preparing });
        self.sync_probes(&id);
        let early = self.slots.get_mut(&id).map(|slot| std::mem::take(&mut slot.early));
        for text in early.unwrap_or_default() {
            self.message(&shim.claim.id, &text);
        }
    }

    /// The connection to a shim has ended.
    async fn gone(&mut self, unit: &UnitId) {
        let Some(id) = self.owner(unit) else { return };
        let units = Arc::clone(&self.sessions.ports().units);
        let found = units.found(unit).await.unwrap_or_default();
        if found.alive && units.connect(unit).await.is_ok() {
            return;
        }
        let Some(incarnation) = self.slots.get(&id).map(|slot| slot.state.incarnation) else {
            return;
        };
        if let Some(exit) = found.exit.filter(|exit| exit.incarnation >= incarnation) {
            // Its shim is gone with it, so nobody will tell when the rest is.
            self.feed(&id, Input::Exited(Ended { left: false, ..ended(&exit) }));
            return self.feed(&id, Input::Emptied { incarnation });
        }
        let (world, unit) = (self.world(), unit.clone());
        tokio::spawn(async move {
            if outlived(&world, &unit, false).await {
                return world.report(&id, Input::Lost { incarnation });
            }
            let how = How::Unknown;
            let ended = Ended { incarnation, how, permanent: false, left: false };
            world.report(&id, Input::Exited(ended));
            world.report(&id, Input::Emptied { incarnation });
        });
    }

    /// A program says how it is.
    pub(super) fn message(&mut self, unit: &UnitId, text: &str) {
        let Some(id) = self.owner(unit) else { return };
        let Some(slot) = self.slots.get_mut(&id) else { return };
        // A quick program speaks before its shim does: it is heard again when that has.
        if slot.state.phase == Phase::Preparing && slot.early.len() < EARLY {
            slot.early.push(text.to_owned());
        }
        let incarnation = slot.state.incarnation;
        let speaks: Vec<usize> = slot
            .probes()
            .into_iter()
            .enumerate()
            .filter(|(_, (role, probe))| *role != Role::Alive && probe.check == Check::Notify)
            .map(|(check, _)| check)
            .collect();
        for line in text.lines() {
            match line.split_once('=') {
                Some(("READY", "1")) => {
                    for check in speaks.clone() {
                        let answer = Answer::Good;
                        self.feed(&id, Input::Answered { incarnation, check, answer });
                    }
                }
                Some(("EXTEND_TIMEOUT_USEC", us)) => {
                    let ms = us.parse::<u64>().unwrap_or(0) / 1000;
                    self.feed(&id, Input::Extend { incarnation, ms });
                }
                Some(("STATUS", status)) => {
                    if let Some(slot) = self.slots.get_mut(&id) {
                        slot.note = Some(status.chars().take(200).collect());
                        self.dirty.insert(id.clone());
                    }
                }
                _ => (),
            }
        }
    }
}

/// Whether something of a unit goes on though its shim is dead. The kernel ends the program with the
/// shim, but a moment after it has closed its socket; what else the program started may stay, unless
/// it is to be killed.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells of the death of somebody else's child"
)]
pub(super) async fn outlived(world: &World, unit: &UnitId, kill: bool) -> bool {
    for _ in 0..LOOKS {
        let (processes, of) = (Arc::clone(&world.sessions.ports().processes), unit.clone());
        let look = move || {
            let left = processes.of_unit(&of);
            left.iter().filter(|_| kill).for_each(|pid| processes.kill(*pid));
            left.is_empty()
        };
        if tokio::task::spawn_blocking(look).await.unwrap_or(false) {
            return false;
        }
        tokio::time::sleep(PAUSE).await;
    }
    true
}

/// The end of an incarnation in the words of the machine.
pub(super) fn ended(exit: &Exit) -> Ended {
    let how = match (&exit.reason, exit.code, exit.signal) {
        (Reason::Exited, Some(code), _) => How::Code(code),
        (Reason::Exited, None, Some(signal)) => How::Signal(signal),
        (Reason::Exited, None, None) => How::Unknown,
        (Reason::Stopped | Reason::ServerExit, code, signal) => How::Stopped(code, signal),
        (Reason::Hangup, ..) => How::Closed,
        (Reason::NotStarted(why), ..) => How::NotStarted(why.clone()),
    };
    let not_started = matches!(exit.reason, Reason::NotStarted(_));
    Ended {
        incarnation: exit.incarnation,
        how,
        // The codes of supervision.md §3.2: wrong use, no such program, not executable.
        permanent: not_started && matches!(exit.code, Some(78 | 126 | 127)),
        left: exit.left,
    }
}
