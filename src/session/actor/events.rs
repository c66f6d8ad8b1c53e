use std::time::Duration;

use tokio::sync::mpsc;

use super::{Actor, COALESCE, Timer};
use crate::{
    base::{
        UnitId,
        unit::{Exit, Reason, State},
        wire::Ask as ShimAsk,
    },
    port::UnitEvent,
    session::{
        fact::{By, PaneClosed, PaneExited, PaneLost, PaneStarted},
        machine,
        record::Life,
    },
};

impl Actor {
    /// Takes in one event and all that wait behind it, stores once, and shows the new picture.
    pub(super) async fn hear(
        &mut self,
        first: UnitEvent,
        more: &mut mpsc::UnboundedReceiver<UnitEvent>,
    ) {
        let mut next = Some(first);
        while let Some(event) = next {
            self.take(event).await;
            next = more.try_recv().ok();
        }
        self.pay().await;
        self.publish();
        self.finish_closings().await;
    }

    async fn take(&mut self, event: UnitEvent) {
        match event {
            UnitEvent::Hello(state) | UnitEvent::Started(state) => self.runs(state),
            UnitEvent::Exit(exit) => self.ended(&exit),
            UnitEvent::Gone(unit) => self.gone(&unit).await,
            UnitEvent::Emptied(..) => (),
        }
    }

    /// A shim says that it is there.
    pub(super) fn runs(&mut self, state: State) {
        let unit = state.claim.id.clone();
        let (exit, incarnation) = (state.exit.clone(), state.claim.incarnation);
        let held = state.held;
        let pid = state.claim.child.map(|child| child.pid);
        let since = state.claim.started;
        self.shims.insert(unit.clone(), state);
        let Some(record) = self.panes.get_mut(&unit) else { return };
        let known = (record.life, record.incarnation) == (Life::Running, incarnation);
        if !held && !known && record.incarnation < incarnation {
            record.life = Life::Running;
            record.incarnation = incarnation;
            record.since = since;
            let fact = PaneStarted {
                unit: unit.clone(),
                session: record.session.clone(),
                window: record.window.clone(),
                pane: record.pane.name.clone(),
                incarnation,
                pid,
            };
            let record = record.clone();
            self.owe(&fact);
            self.owe_record(&record);
        } else if record.life != Life::Exited || exit.is_none() {
            let life = if held { Life::Held } else { Life::Running };
            if record.life != life {
                record.life = life;
                let record = record.clone();
                self.owe_record(&record);
            }
        }
        if let Some(exit) = exit {
            self.ended(&exit);
        }
    }

    /// An incarnation ended; told twice is told once.
    pub(super) fn ended(&mut self, exit: &Exit) {
        let now = self.now();
        if let Some(shim) = self.shims.get_mut(&exit.id)
            && shim.claim.incarnation == exit.incarnation
        {
            shim.exit = Some(exit.clone());
        }
        let Some(record) = self.panes.get_mut(&exit.id) else { return };
        let told = record.exit.as_ref().is_some_and(|old| old.incarnation >= exit.incarnation);
        if !told {
            record.exit = Some(exit.clone());
        }
        let stale = exit.incarnation < record.incarnation;
        if !stale && record.life != Life::Closed {
            record.incarnation = exit.incarnation;
            record.life = machine::after_exit(record.pane.on_exit, &exit.reason);
        }
        let (record, lived) = (record.clone(), now.since(record.since));
        if told {
            return;
        }
        self.owe(&PaneExited::of(&record, exit));
        self.owe_record(&record);
        self.plan_again(exit, record.pane.on_exit, lived);
    }

    fn plan_again(&mut self, exit: &Exit, on_exit: crate::base::unit::OnExit, lived: Duration) {
        let failures = self.failures.get(&exit.id).copied().unwrap_or(0);
        if let Some((pause, failures)) = machine::again(on_exit, exit, lived, failures) {
            self.failures.insert(exit.id.clone(), failures);
            self.timer(pause, Timer::Again(exit.id.clone()));
        }
    }

    /// The pause after a failure is over.
    pub(super) async fn start_again(&mut self, unit: &UnitId) {
        let waits = self.panes.get(unit).is_some_and(|record| record.life == Life::Exited);
        if waits && let Err(error) = self.ports.units.ask(unit, ShimAsk::Start).await {
            tracing::warn!(%unit, %error, "cannot be started again");
        }
    }

    /// A shim is gone, and its pane with it.
    async fn gone(&mut self, unit: &UnitId) {
        self.shims.remove(unit);
        let found = self.ports.units.found(unit).await.unwrap_or_default();
        if found.alive {
            // Only the connection was lost; the program goes on.
            if self.ports.units.connect(unit).await.is_ok() {
                return;
            }
        }
        if let Some(exit) = &found.exit {
            self.ended(exit);
        }
        let Some(record) = self.panes.get_mut(unit) else { return };
        let was = record.life;
        let ended = record.exit.as_ref().is_some_and(|e| e.incarnation >= record.incarnation);
        record.life = match was {
            // The next shim of this unit is promised already; it waits for the lock of this one.
            Life::Starting => Life::Starting,
            Life::Held => Life::Closed,
            Life::Running | Life::Exited | Life::Closed | Life::Lost if ended => Life::Closed,
            Life::Running | Life::Exited | Life::Closed | Life::Lost => Life::Lost,
        };
        let record = record.clone();
        self.owe_record(&record);
        let (session, pane) = (record.session.clone(), record.pane.name.clone());
        if record.life == Life::Lost {
            self.owe(&PaneLost { unit: unit.clone(), session, pane });
        } else {
            let hangup = matches!(&record.exit, Some(Exit { reason: Reason::Hangup, .. }));
            let kept = was == Life::Exited || was == Life::Held;
            let by_hand = !self.is_closing(unit) && (hangup || kept);
            let by = if by_hand { By::Operator } else { By::Gaia };
            // It may have been the last one of a session that a person ended.
            self.timer_once(COALESCE, Timer::Look);
            self.owe(&PaneClosed { unit: unit.clone(), session, pane, by });
        }
    }
}
