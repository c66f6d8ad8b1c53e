use std::collections::BTreeSet;

use super::Actor;
use crate::{
    base::{Code, Name, Refusal, UnitId, unit::OnServerExit},
    ledger::Decision,
    port::{Listing, SeenPane, Server, TmuxError},
    session::{
        fact::{By, ServerStarted, SessionRenamed},
        record::{Life, PaneRecord, Phase, SessionRecord},
    },
};

impl Actor {
    /// Looks at tmux: takes over what a person moved or renamed, and brings back what runs
    /// without a pane after the server died.
    pub(super) async fn look(&mut self) {
        self.see().await;
        self.publish();
        self.follow_renames().await;
        if self.hidden().next().is_some() {
            // Showing may itself look once more: the box breaks the circle of futures.
            Box::pin(self.show_again()).await;
            self.see().await;
        }
        self.forget_empty_sessions().await;
        self.pay().await;
        self.publish();
    }

    /// Takes in what tmux shows.
    pub(super) async fn see(&mut self) {
        match self.ports.tmux.list().await {
            Ok(Listing { server, panes }) => {
                let units = panes.iter().filter_map(|seen| seen.unit.clone());
                self.last_shown_by.extend(units.map(|unit| (unit, server)));
                (self.seen, self.seen_by) = (panes, Some(server));
            }
            Err(error) => {
                tracing::debug!(%error, "tmux shows nothing");
                (self.seen, self.seen_by) = (vec![], None);
            }
        }
    }

    /// Units whose program runs while no pane shows it.
    fn hidden(&self) -> impl Iterator<Item = &UnitId> {
        self.panes.values().filter_map(|record| {
            let open = self.sessions.get(&record.session).is_some_and(|s| s.phase == Phase::Open);
            (open && self.is_hidden(record)).then_some(&record.unit)
        })
    }

    /// Whether a program runs without a pane because its server died. A pane that is missing from
    /// the server that showed it was closed by a person, and its shim is ending the program.
    pub(super) fn is_hidden(&self, record: &PaneRecord) -> bool {
        let Some(shim) = self.shims.get(&record.unit) else { return false };
        let shown = self.seen.iter().any(|seen| seen.unit.as_ref() == Some(&record.unit));
        let first = shim.claim.server.map(|server| server.pid);
        let last = self.last_shown_by.get(&record.unit).copied().or(first);
        let runs = matches!(record.life, Life::Running | Life::Held) && shim.exit.is_none();
        runs && !shown && last != self.seen_by && record.pane.on_server_exit == OnServerExit::Keep
    }

    /// Gives every program that runs without a pane its pane back.
    async fn show_again(&mut self) {
        if let Err(refusal) = self.server().await {
            return tracing::error!(%refusal, "there is no server to show panes in");
        }
        // A server that did not answer may only have been slow: look before anything is made.
        self.see().await;
        let touched: BTreeSet<Name> = self
            .hidden()
            .filter_map(|unit| self.panes.get(unit).map(|record| record.session.clone()))
            .collect();
        for name in touched {
            let Some(record) = self.sessions.get(&name).cloned() else { continue };
            if let Err(refusal) = self.pursue(&record).await {
                tracing::error!(%name, %refusal, "panes cannot be shown again");
            }
        }
    }

    /// The server, started if need be; a new one is told to the ledger.
    pub(super) async fn server(&mut self) -> Result<Server, Refusal> {
        let server = self.ports.tmux.ensure().await.map_err(tmux_refusal)?;
        let known = self.server.as_ref();
        if known.is_none_or(|known| (known.pid, known.start) != (server.pid, server.start)) {
            if server.fresh {
                let Server { pid, start, version, .. } = server.clone();
                self.owe(&ServerStarted { pid, start, version });
            }
            self.server = Some(server.clone());
        }
        Ok(server)
    }

    /// A session renamed by hand keeps its new name, if it is one gaia can use.
    async fn follow_renames(&mut self) {
        let renamed: Vec<(Name, SeenPane)> = self
            .seen
            .iter()
            .filter(|seen| !seen.session_tag.is_empty() && seen.session_tag != seen.session_name)
            .filter_map(|seen| Some((seen.session_tag.parse().ok()?, seen.clone())))
            .collect();
        for (from, seen) in renamed {
            let Ok(to) = seen.session_name.parse::<Name>() else { continue };
            if self.sessions.contains_key(&from) && !self.sessions.contains_key(&to) {
                let stored = self.store_rename(&from, &to, By::Operator).await;
                let tagged = self.ports.tmux.tag(&seen.session, "@gaia_ws", to.as_str()).await;
                if let (Ok(()), Ok(())) = (stored, tagged) {
                    self.retag(&from, &to);
                }
            }
        }
    }

    /// Gives a session another name on request.
    pub(super) async fn rename(&mut self, from: &Name, to: Name) -> Result<(), Refusal> {
        if !self.sessions.contains_key(from) {
            return Err(Refusal::new(Code::NotFound, format!("there is no session `{from}`")));
        }
        let taken = self.seen.iter().any(|seen| seen.session_name == to.as_str());
        if self.sessions.contains_key(&to) || taken {
            return Err(Refusal::new(Code::Invalid, format!("there is a session `{to}` already")));
        }
        self.store_rename(from, &to, By::Gaia).await?;
        if let Some(tmux) = self.tmux_session(from) {
            self.ports.tmux.rename(&tmux, to.as_str()).await.map_err(tmux_refusal)?;
            self.ports.tmux.tag(&tmux, "@gaia_ws", to.as_str()).await.map_err(tmux_refusal)?;
        }
        self.retag(from, &to);
        self.look().await;
        Ok(())
    }

    async fn store_rename(&mut self, from: &Name, to: &Name, by: By) -> Result<(), Refusal> {
        let Some(mut record) = self.sessions.get(from).cloned() else { return Ok(()) };
        record.declared.name = to.clone();
        let mut decision = Decision::new();
        decision.delete::<SessionRecord>(from.as_str()).put(&record);
        for unit in self.units_of(from) {
            if let Some(pane) = self.panes.get_mut(&unit) {
                pane.session = to.clone();
                decision.put(&*pane);
            }
        }
        decision.fact(&SessionRenamed { from: from.clone(), to: to.clone(), by });
        self.store(decision).await?;
        self.sessions.remove(from);
        self.sessions.insert(to.clone(), record);
        Ok(())
    }

    fn retag(&mut self, from: &Name, to: &Name) {
        for seen in self.seen.iter_mut().filter(|seen| seen.session_tag == from.as_str()) {
            seen.session_tag = to.to_string();
            seen.session_name = to.to_string();
        }
    }

    /// A session whose every pane a person closed has ended.
    async fn forget_empty_sessions(&mut self) {
        let mut ended = Vec::new();
        for (name, record) in &self.sessions {
            let shown = self.seen.iter().any(|seen| seen.session_tag == name.as_str());
            let mut panes = self.panes.values().filter(|pane| pane.session == *name);
            if record.phase == Phase::Open && !shown && panes.all(|p| p.life == Life::Closed) {
                ended.push(name.clone());
            }
        }
        for name in ended {
            if let Err(refusal) = self.complete_session(&name, By::Operator).await {
                tracing::error!(%name, %refusal, "an ended session cannot be forgotten");
            }
        }
    }
}

/// What tmux said, as a refusal.
pub(crate) fn tmux_refusal(error: TmuxError) -> Refusal {
    match &error {
        TmuxError::Missing => Refusal::new(Code::Failed, &error)
            .help("install it, e.g. `apt install tmux` or `brew install tmux`"),
        TmuxError::TooOld(_) => Refusal::new(Code::Failed, &error)
            .help("install tmux 3.2a or later; `gaia doctor` tells what each version lacks"),
        TmuxError::NoSpace => {
            Refusal::new(Code::Failed, &error).help("put some of the panes into another window")
        }
        TmuxError::Gone(_) => Refusal::new(Code::NotFound, &error),
        TmuxError::Failed { .. } => {
            Refusal::new(Code::Failed, &error).help("`gaia doctor` looks at the tmux server")
        }
    }
}
