use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use tokio::sync::oneshot;

use super::{Actor, Timer};
use crate::{
    base::{Code, Name, Refusal, UnitId, wire::Ask as ShimAsk},
    ledger::Decision,
    session::{
        fact::{By, SessionClosed, SessionClosing},
        record::{PaneRecord, Phase, SessionRecord},
    },
};

/// How much longer than the grace time of its units a stop may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What shall end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A session with all its panes.
    Session(Name),
    /// Some panes of gaia's.
    Units(Vec<UnitId>),
    /// Something a person made: tmux's own id of a session, window or pane.
    Foreign(String),
}

/// An end that is under way.
pub(super) struct Closing {
    session: Option<Name>,
    left: BTreeSet<UnitId>,
    until: Duration,
    reply: Option<oneshot::Sender<Result<(), Refusal>>>,
}

impl Actor {
    /// Begins to end something; `reply` is answered when it has ended.
    pub(super) async fn close(
        &mut self,
        what: What,
        reply: Option<oneshot::Sender<Result<(), Refusal>>>,
    ) {
        let begun = match &what {
            What::Session(name) => self.begin_session(name).await.map(|()| Some(name.clone())),
            What::Units(_) => Ok(None),
            What::Foreign(target) => {
                let killed = self.ports.tmux.kill(target).await;
                killed.map(|()| None).map_err(super::observe::tmux_refusal)
            }
        };
        let session = match begun {
            Ok(session) => session,
            Err(refusal) => {
                if let Some(reply) = reply {
                    let _ = reply.send(Err(refusal));
                }
                return;
            }
        };
        let units = match what {
            What::Session(name) => self.units_of(&name),
            What::Units(units) => units,
            What::Foreign(_) => vec![],
        };
        // A session is closed by one `kill-session` when its programs have ended: where its windows
        // close one by one, tmux 3.3a can crash on telling the control client of a current window
        // that the session no longer has.
        let left = self.stop_all(&units, session.is_none()).await;
        let grace = units.iter().filter_map(|unit| self.panes.get(unit)).map(grace).max();
        let patience = grace.unwrap_or_default() + PATIENCE;
        self.closings.push(Closing {
            session,
            left,
            until: self.ports.clock.uptime() + patience,
            reply,
        });
        self.timer(patience, Timer::Overdue);
        self.finish_closings().await;
    }

    async fn begin_session(&mut self, name: &Name) -> Result<(), Refusal> {
        let Some(record) = self.sessions.get(name) else {
            return Err(Refusal::new(Code::NotFound, format!("there is no session `{name}`")));
        };
        let closing = SessionRecord { phase: Phase::Closing, ..record.clone() };
        let mut decision = Decision::new();
        decision.put(&closing).fact(&SessionClosing { name: name.clone() });
        self.store(decision).await?;
        self.sessions.insert(name.clone(), closing);
        Ok(())
    }

    pub(super) fn units_of(&self, session: &Name) -> Vec<UnitId> {
        let of = self.panes.values().filter(|record| record.session == *session);
        of.map(|record| record.unit.clone()).collect()
    }

    /// Asks all shims to stop, side by side; those that are there and will end.
    async fn stop_all(&mut self, units: &[UnitId], close: bool) -> BTreeSet<UnitId> {
        let port = &self.ports.units;
        let there = units.iter().filter(|unit| self.shims.contains_key(*unit));
        let asks = there.map(|unit| async move {
            let ask = ShimAsk::Stop { grace_ms: None, close, signal: None };
            (unit.clone(), port.ask(unit, ask).await)
        });
        let answers = join_all(asks).await;
        answers.into_iter().filter(|(_, answer)| answer.is_ok()).map(|(unit, _)| unit).collect()
    }

    /// Whether a unit ends because gaia was asked to end it.
    pub(super) fn is_closing(&self, unit: &UnitId) -> bool {
        self.closings.iter().any(|closing| closing.left.contains(unit))
    }

    /// Completes every end whose last shim is gone.
    pub(super) async fn finish_closings(&mut self) {
        let mut waiting = Vec::new();
        for mut closing in std::mem::take(&mut self.closings) {
            let session = closing.session.is_some();
            closing.left.retain(|unit| match self.shims.get(unit) {
                Some(shim) => !session || (shim.exit.is_none() && !shim.held),
                None => false,
            });
            if closing.left.is_empty() {
                self.complete(closing).await;
            } else {
                waiting.push(closing);
            }
        }
        self.closings.extend(waiting);
    }

    /// Says which ends took too long, and forgets them.
    pub(super) async fn give_up_waiting(&mut self) {
        let now = self.ports.clock.uptime();
        let (late, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.closings).into_iter().partition(|c| c.until <= now);
        self.closings = waiting;
        for closing in late {
            let names: Vec<String> = closing.left.iter().map(ToString::to_string).collect();
            let message = format!("these panes do not end: {}", names.join(", "));
            let refusal = Refusal::new(Code::Failed, message)
                .help("`gaia doctor` shows their processes and how to end them");
            if let Some(reply) = closing.reply {
                let _ = reply.send(Err(refusal));
            }
        }
    }

    async fn complete(&mut self, closing: Closing) {
        let outcome = match &closing.session {
            Some(name) => self.complete_session(name, By::Gaia).await,
            None => Ok(()),
        };
        self.look().await;
        if let Some(reply) = closing.reply {
            let _ = reply.send(outcome);
        }
    }

    /// The last step of a session: its tmux session goes, then its records.
    pub(super) async fn complete_session(&mut self, name: &Name, by: By) -> Result<(), Refusal> {
        let tmux = self.tmux_session(name);
        if let Some(tmux) = tmux
            && let Err(error) = self.ports.tmux.kill(&tmux).await
        {
            tracing::warn!(%name, %error, "the tmux session stays");
        }
        let mut decision = Decision::new();
        for unit in self.units_of(name) {
            decision.delete::<PaneRecord>(unit.as_str());
        }
        decision.delete::<SessionRecord>(name.as_str());
        decision.fact(&SessionClosed { name: name.clone(), by });
        self.store(decision).await?;
        self.panes.retain(|_, record| record.session != *name);
        self.sessions.remove(name);
        self.publish();
        Ok(())
    }

    /// tmux's id of a session of ours: the one with its tag, or, if its maker died before it could
    /// set that, the one that shows its panes.
    pub(super) fn tmux_session(&self, name: &Name) -> Option<String> {
        let tagged = self.seen.iter().find(|seen| seen.session_tag == name.as_str());
        let ours = |seen: &&crate::port::SeenPane| {
            let record = seen.unit.as_ref().and_then(|unit| self.panes.get(unit));
            seen.session_tag.is_empty() && record.is_some_and(|record| record.session == *name)
        };
        let found = tagged.or_else(|| self.seen.iter().find(ours));
        found.map(|seen| seen.session.clone())
    }
}

fn grace(record: &PaneRecord) -> Duration {
    Duration::from_millis(record.pane.stop.grace_ms)
}
