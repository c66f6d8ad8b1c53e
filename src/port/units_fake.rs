use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use super::units::{Found, LogSpan, UnitError, UnitEvent, Units};
use crate::base::{
    Mark, Moment, UnitId,
    unit::{Claim, Exit, ProcId, Reason, Spec, State, VERSION},
    wire::Ask,
};

/// Units that only remember. A program is started by [`FakeUnits::pane_runs`], as a pane would.
#[derive(Clone, Default)]
pub struct FakeUnits {
    world: Arc<Mutex<World>>,
    listeners: Arc<Mutex<Vec<mpsc::UnboundedSender<UnitEvent>>>>,
}

#[derive(Default)]
struct World {
    specs: BTreeMap<UnitId, Spec>,
    shims: BTreeMap<UnitId, State>,
    exits: BTreeMap<UnitId, Exit>,
    typed: BTreeMap<UnitId, Vec<u8>>,
}

impl FakeUnits {
    /// A pane runs the shim of a unit: it says hello.
    pub fn pane_runs(&self, id: &UnitId) {
        let mut world = self.world();
        let incarnation = world.exits.get(id).map_or(1, |exit| exit.incarnation + 1);
        let Some(spec) = world.specs.get(id) else { return };
        let state = state(spec, incarnation);
        world.shims.insert(id.clone(), state.clone());
        self.tell(UnitEvent::Hello(state));
    }

    /// The program of a unit ends by itself.
    pub fn exits(&self, id: &UnitId, code: i32) {
        self.end(id, Some(code), Reason::Exited);
    }

    /// What was typed into a unit.
    #[must_use]
    pub fn typed(&self, id: &UnitId) -> Vec<u8> {
        self.world().typed.get(id).cloned().unwrap_or_default()
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: UnitEvent) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(event.clone()).is_ok());
    }

    fn end(&self, id: &UnitId, code: Option<i32>, reason: Reason) {
        let mut world = self.world();
        let Some(shim) = world.shims.get_mut(id) else { return };
        let signal = code.is_none().then_some(15);
        let incarnation = shim.claim.incarnation;
        let exit = Exit {
            v: VERSION,
            id: id.clone(),
            incarnation,
            code,
            signal,
            core: false,
            reason,
            left: false,
            at: Moment(0),
            log_end: 0,
        };
        shim.exit = Some(exit.clone());
        world.exits.insert(id.clone(), exit.clone());
        self.tell(UnitEvent::Exit(exit));
    }

    fn leave(&self, id: &UnitId) {
        self.world().shims.remove(id);
        self.tell(UnitEvent::Gone(id.clone()));
    }
}

fn state(spec: &Spec, incarnation: u32) -> State {
    let process = ProcId { pid: 1, start: 1 };
    let claim = Claim {
        v: VERSION,
        id: spec.id.clone(),
        rev: spec.rev,
        incarnation,
        shim: process,
        child: Some(process),
        boot: "fake".to_owned(),
        server: None,
        pane: None,
        started: Moment(0),
    };
    State {
        claim,
        exit: None,
        held: spec.held,
        leaving: false,
        cols: 200,
        rows: 50,
        log_start: 0,
        log_end: 0,
        bracketed_paste: false,
        alternate: false,
        preparing: false,
        shown: true,
    }
}

#[async_trait]
impl Units for FakeUnits {
    async fn prepare(&self, spec: &Spec) -> Result<(), UnitError> {
        self.world().specs.insert(spec.id.clone(), spec.clone());
        Ok(())
    }

    async fn spec(&self, id: &UnitId) -> Result<Spec, UnitError> {
        self.world().specs.get(id).cloned().ok_or_else(|| UnitError::Unknown(id.clone()))
    }

    fn argv(&self, id: &UnitId, view: bool) -> Vec<String> {
        let word = if view { "view" } else { "run" };
        vec![word.to_owned(), id.to_string()]
    }

    async fn all(&self) -> Result<Vec<UnitId>, UnitError> {
        Ok(self.world().specs.keys().cloned().collect())
    }

    async fn found(&self, id: &UnitId) -> Result<Found, UnitError> {
        let world = self.world();
        let shim = world.shims.get(id);
        let claim = shim.map(|shim| shim.claim.clone());
        Ok(Found { claim, alive: shim.is_some(), exit: world.exits.get(id).cloned() })
    }

    async fn connect(&self, id: &UnitId) -> Result<State, UnitError> {
        self.ask(id, Ask::State).await
    }

    async fn ask(&self, id: &UnitId, ask: Ask) -> Result<State, UnitError> {
        let Some(before) = self.world().shims.get(id).cloned() else {
            return Err(UnitError::NotRunning(id.clone()));
        };
        let runs = before.exit.is_none() && !before.held;
        match ask {
            Ask::Start if runs => {
                let what = "its program runs already".to_owned();
                return Err(UnitError::Refused { id: id.clone(), what });
            }
            Ask::Stop { close, .. } => {
                if runs {
                    self.end(id, None, Reason::Stopped);
                }
                if close {
                    self.leave(id);
                }
            }
            Ask::Start | Ask::Restart => {
                if runs {
                    self.end(id, None, Reason::Stopped);
                }
                self.pane_runs(id);
            }
            Ask::Hangup => {
                self.end(id, None, Reason::Hangup);
                self.leave(id);
            }
            Ask::State | Ask::Output { .. } | Ask::Resize { .. } | Ask::Signal { .. } => (),
            Ask::View { .. } => (),
        }
        Ok(self.world().shims.get(id).cloned().unwrap_or(before))
    }

    async fn input(&self, id: &UnitId, bytes: Vec<u8>, _paste: bool) -> Result<u64, UnitError> {
        let mut world = self.world();
        if world.shims.get(id).is_none_or(|shim| shim.exit.is_some()) {
            return Err(UnitError::NotRunning(id.clone()));
        }
        let length = bytes.len() as u64;
        world.typed.entry(id.clone()).or_default().extend(bytes);
        Ok(length)
    }

    async fn output(&self, _id: &UnitId, from: u64, _max: usize) -> Result<LogSpan, UnitError> {
        Ok(LogSpan { from, ..LogSpan::default() })
    }

    async fn marks(&self, _id: &UnitId, _from: u64, _max: usize) -> Result<Vec<Mark>, UnitError> {
        Ok(vec![])
    }

    fn growth(&self, _id: &UnitId) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    async fn remove(&self, id: &UnitId) -> Result<(), UnitError> {
        self.world().specs.remove(id);
        Ok(())
    }

    fn events(&self) -> mpsc::UnboundedReceiver<UnitEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        receiver
    }
}
