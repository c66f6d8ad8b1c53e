use std::collections::BTreeMap;

use super::{Actor, OpenRequest, Opened, observe::tmux_refusal};
use crate::{
    base::{Code, Name, Refusal, UnitId, wire::Ask as ShimAsk},
    ledger::Decision,
    port::{NewPane, Place, SeenPane},
    session::{
        fact::{By, SessionChanged, SessionOpened, SessionPlanned},
        machine::{Move, Slot, plan},
        model::{Declared, Pane},
        record::{Life, PaneRecord, Phase, SessionRecord},
    },
};

/// Size of a session that nobody looks at yet.
const SIZE: (u16, u16) = (200, 50);

impl Actor {
    /// Brings a session to its declaration with the fewest moves.
    pub(super) async fn open(&mut self, mut request: OpenRequest) -> Result<Opened, Refusal> {
        let name = request.declared.name.clone();
        if request.only.is_some() {
            // A pane that has just closed must not count as shown.
            self.see().await;
        }
        let old = self.sessions.get(&name).cloned();
        self.check(&request, old.as_ref())?;
        if let Some(old) = &old {
            self.keep_added(old, &mut request.declared);
        }
        let before = old.as_ref().map_or(&request.declared, |old| &old.declared);
        let mut moves = plan(&request.declared, before, &self.slots(&name));
        if let Some(only) = &request.only {
            moves.retain(|one| one.held_for().is_some_and(|name| only.contains(name)));
        }
        let opened = Opened { moves: moves.iter().map(Move::show).collect() };
        if request.dry_run || (moves.is_empty() && old.is_some()) {
            return Ok(opened);
        }
        let fresh = old.is_none();
        let record = self.promise(&request, old, moves).await?;
        let done = self.act(&record, request.size).await;
        match done {
            Ok(()) => self.complete_open(&record, &opened.moves).await?,
            Err(refusal) if fresh => return Err(self.roll_back(&record, refusal).await),
            Err(refusal) => return Err(refusal),
        }
        Ok(opened)
    }

    fn check(&self, request: &OpenRequest, old: Option<&SessionRecord>) -> Result<(), Refusal> {
        let name = &request.declared.name;
        if let Some(old) = old {
            if old.phase == Phase::Closing {
                return Err(Refusal::new(Code::Failed, format!("the session `{name}` is ending"))
                    .help("ask again when it has ended"));
            }
            if request.fresh || old.declared.dir != request.declared.dir {
                let message = format!(
                    "there is a session `{name}` already, of {}",
                    old.declared.dir.display()
                );
                return Err(Refusal::new(Code::Invalid, message)
                    .help("choose another name, or end that one with `gaia session kill`"));
            }
        } else if self.seen.iter().any(|seen| seen.session_name == name.as_str()) {
            return Err(Refusal::new(Code::Invalid, format!("a person made a session `{name}`"))
                .help("choose another name, or rename that one in tmux"));
        }
        Ok(())
    }

    /// Panes that a verb added, and that are still there, stay.
    fn keep_added(&self, old: &SessionRecord, wanted: &mut Declared) {
        for window in &old.declared.windows {
            let open = |pane: &&Pane| {
                let is = |r: &PaneRecord| r.window == window.name && r.pane.name == pane.name;
                let mut of = self.panes.values().filter(|r| r.session == *old.name());
                pane.added && of.any(|r| is(r) && r.life != Life::Closed)
            };
            let added: Vec<Pane> = window.panes.iter().filter(open).cloned().collect();
            let at = wanted.windows.iter().position(|w| w.name == window.name);
            match at.map(|at| &mut wanted.windows[at].panes) {
                Some(panes) => {
                    let new = |pane: &Pane| !panes.iter().any(|p| p.name == pane.name);
                    let added: Vec<Pane> = added.into_iter().filter(new).collect();
                    panes.extend(added);
                }
                None if added.is_empty() => (),
                None => {
                    wanted.windows.push(crate::session::Window { panes: added, ..window.clone() });
                }
            }
        }
    }

    /// What stands in the places of a session now.
    pub(super) fn slots(&self, name: &Name) -> Vec<Slot> {
        let of = self.panes.values().filter(|record| record.session == *name);
        of.map(|record| Slot {
            unit: record.unit.clone(),
            window: record.window.clone(),
            pane: record.pane.clone(),
            life: record.life,
            shown: self.seen.iter().any(|seen| seen.unit.as_ref() == Some(&record.unit)),
        })
        .collect()
    }

    /// Writes the specs of all programs to come, then stores what is about to be done. From here on
    /// a daemon that starts finishes it.
    async fn promise(
        &mut self,
        request: &OpenRequest,
        old: Option<SessionRecord>,
        moves: Vec<Move>,
    ) -> Result<SessionRecord, Refusal> {
        let mut fresh = Vec::new();
        let mut stopped = Vec::new();
        for one in moves {
            match one {
                Move::Make(window, pane) => {
                    let unit = self.next_id();
                    fresh.push(self.launch(request, unit, window, pane).await?);
                }
                Move::Open(unit, window, pane) | Move::Change(unit, window, pane) => {
                    let record = self.launch(request, unit, window, pane).await?;
                    fresh.push(self.carried_over(record));
                }
                Move::Note(unit, _, pane) => {
                    if let Some(record) = self.panes.get(&unit) {
                        fresh.push(PaneRecord { pane, ..record.clone() });
                    }
                }
                Move::Close(unit, ..) => stopped.push(unit),
                Move::Show(..) | Move::Arrange(..) => (),
            }
        }
        let created = old.as_ref().map_or(self.now(), |old| old.created);
        let record = SessionRecord {
            declared: request.declared.clone(),
            origin: request.origin.clone(),
            phase: Phase::Opening,
            created,
        };
        let mut decision = Decision::new();
        decision.put(&record);
        for pane in &fresh {
            decision.put(pane);
        }
        if old.is_none() {
            let panes = fresh.iter().map(|pane| pane.unit.clone()).collect();
            let dir = record.declared.dir.display().to_string();
            decision.fact(&SessionPlanned { name: record.name().clone(), dir, panes });
        }
        self.store(decision).await?;
        self.panes.extend(fresh.into_iter().map(|pane| (pane.unit.clone(), pane)));
        self.sessions.insert(record.name().clone(), record.clone());
        for unit in stopped.into_iter().chain(self.left_over(&record)) {
            self.drop_unit(&unit).await;
        }
        Ok(record)
    }

    /// Panes that are gone and no longer declared.
    fn left_over(&self, record: &SessionRecord) -> Vec<UnitId> {
        let wanted = |pane: &PaneRecord| {
            let mut windows = record.declared.windows.iter().filter(|w| w.name == pane.window);
            windows.any(|w| w.panes.iter().any(|p| p.name == pane.pane.name))
        };
        let of = self.panes.values().filter(|pane| pane.session == *record.name());
        of.filter(|pane| !wanted(pane) && !pane.life.has_shim()).map(|p| p.unit.clone()).collect()
    }

    /// A unit that is started again keeps its history; one that runs is restarted in its pane.
    fn carried_over(&self, fresh: PaneRecord) -> PaneRecord {
        match self.panes.get(&fresh.unit) {
            None => fresh,
            Some(old) => {
                let life = if old.life.has_shim() { old.life } else { fresh.life };
                let PaneRecord { unit, session, window, pane, .. } = fresh;
                PaneRecord { unit, session, window, pane, life, ..old.clone() }
            }
        }
    }

    /// Stops a unit that is no longer declared; its pane closes with it.
    async fn drop_unit(&mut self, unit: &UnitId) {
        let ask = ShimAsk::Stop { grace_ms: None, close: true, signal: None };
        if let Err(error) = self.ports.units.ask(unit, ask).await {
            tracing::info!(%unit, %error, "was gone already");
        }
        if let Some(record) = self.panes.remove(unit) {
            self.owed.delete::<PaneRecord>(record.unit.as_str());
        }
    }

    /// Carries out what is promised: every pane that is not there is made.
    async fn act(&mut self, record: &SessionRecord, size: (u16, u16)) -> Result<(), Refusal> {
        self.server().await?;
        self.restart_changed(record).await?;
        self.make_missing(record, size).await
    }

    /// Goes on with what was promised, for a daemon or a server that came back.
    pub(super) async fn pursue(&mut self, record: &SessionRecord) -> Result<(), Refusal> {
        self.act(record, SIZE).await?;
        if record.phase == Phase::Opening {
            self.complete_open(record, &["finished after a restart".to_owned()]).await?;
        }
        Ok(())
    }

    /// Runs programs afresh whose declaration is not the one they were started with.
    async fn restart_changed(&mut self, record: &SessionRecord) -> Result<(), Refusal> {
        for unit in self.units_of(record.name()) {
            let spec = self.ports.units.spec(&unit).await;
            let (Some(pane), Ok(spec)) = (self.panes.get(&unit), spec) else { continue };
            let stale = self.shims.get(&unit).is_some_and(|shim| shim.claim.rev != spec.rev);
            let own = !pane.pane.command.is_held();
            if own && pane.life.has_shim() && stale {
                let restarted = self.ports.units.ask(&unit, ShimAsk::Restart).await;
                restarted.map_err(|e| Refusal::new(Code::Failed, e))?;
            }
        }
        Ok(())
    }

    /// Makes the panes that no tmux pane shows, window by window, and arranges what grew.
    async fn make_missing(
        &mut self,
        record: &SessionRecord,
        size: (u16, u16),
    ) -> Result<(), Refusal> {
        let declared = &record.declared;
        let mut places = Places::of(self, declared);
        let mut focus = None;
        for window in &declared.windows {
            let mut grew = false;
            for pane in &window.panes {
                let Some(unit) = self.missing(declared, &window.name, pane) else { continue };
                let place = places.next(declared, &window.name, size);
                let made = self.make(place, &unit, pane).await?;
                if pane.focus {
                    self.ports.tmux.focus(&made.pane).await.map_err(tmux_refusal)?;
                }
                if window.focus && (focus.is_none() || pane.focus) {
                    focus = Some(made.pane.clone());
                }
                places.made(&window.name, &made);
                grew = true;
            }
            if grew
                && window.panes.len() > 1
                && let Some(at) = places.windows.get(window.name.as_str())
            {
                let arranged = self.ports.tmux.arrange(at, window.layout.as_tmux()).await;
                arranged.map_err(tmux_refusal)?;
            }
        }
        if places.untagged && !places.session.is_empty() {
            let tagged =
                self.ports.tmux.tag(&places.session, "@gaia_ws", declared.name.as_str()).await;
            tagged.map_err(tmux_refusal)?;
        }
        match focus.filter(|_| places.untagged) {
            Some(pane) => self.ports.tmux.focus(&pane).await.map_err(tmux_refusal),
            None => Ok(()),
        }
    }

    /// The unit of a declared pane, if it wants a tmux pane and has none.
    fn missing(&self, declared: &Declared, window: &Name, pane: &Pane) -> Option<UnitId> {
        let is = |r: &&PaneRecord| {
            r.session == declared.name && r.window == *window && r.pane.name == pane.name
        };
        let record = self.panes.values().find(is)?;
        let shown = self.seen.iter().any(|seen| seen.unit.as_ref() == Some(&record.unit));
        let wants = match record.life {
            Life::Starting => true,
            Life::Held | Life::Running => self.is_hidden(record),
            Life::Exited | Life::Closed | Life::Lost => false,
        };
        (wants && !shown).then(|| record.unit.clone())
    }

    fn runs_already(&self, unit: &UnitId) -> bool {
        self.panes.get(unit).is_some_and(|record| record.life != Life::Starting)
    }

    async fn make(
        &mut self,
        place: Place,
        unit: &UnitId,
        pane: &Pane,
    ) -> Result<crate::port::Made, Refusal> {
        let new = NewPane {
            unit: unit.clone(),
            argv: self.ports.units.argv(unit, self.runs_already(unit)),
            cwd: pane.dir.clone(),
            title: pane.name.to_string(),
        };
        self.ports.tmux.make(place, new).await.map_err(tmux_refusal)
    }

    async fn complete_open(
        &mut self,
        record: &SessionRecord,
        moves: &[String],
    ) -> Result<(), Refusal> {
        let open = SessionRecord { phase: Phase::Open, ..record.clone() };
        let name = open.name().clone();
        let mut decision = Decision::new();
        decision.put(&open);
        decision.fact(&SessionChanged { name: name.clone(), moves: moves.to_vec() });
        decision.fact(&SessionOpened { name: name.clone() });
        self.store(decision).await?;
        self.sessions.insert(name, open);
        self.look().await;
        Ok(())
    }

    /// A new session that cannot be made leaves nothing behind.
    async fn roll_back(&mut self, record: &SessionRecord, refusal: Refusal) -> Refusal {
        self.look().await;
        for unit in self.units_of(record.name()) {
            let ask = ShimAsk::Stop { grace_ms: Some(0), close: true, signal: None };
            let _ = self.ports.units.ask(&unit, ask).await;
        }
        if let Err(error) = self.complete_session(record.name(), By::Gaia).await {
            tracing::error!(%error, "a session that could not be made stays on record");
        }
        refusal
    }
}

/// Where the next pane of each window goes.
struct Places {
    session: String,
    /// The session is new, or its maker died before it could tag it.
    untagged: bool,
    windows: BTreeMap<String, String>,
}

impl Places {
    fn of(actor: &Actor, declared: &Declared) -> Self {
        let session = actor.tmux_session(&declared.name).unwrap_or_default();
        let mut windows = BTreeMap::new();
        for record in actor.panes.values().filter(|record| record.session == declared.name) {
            let seen = actor.seen.iter().find(|seen| seen.unit.as_ref() == Some(&record.unit));
            if let Some(seen) = seen.filter(|seen| seen.session == session) {
                windows.entry(record.window.to_string()).or_insert(seen.window.clone());
            }
        }
        let tag = |seen: &SeenPane| seen.session == session && !seen.session_tag.is_empty();
        Self { untagged: !actor.seen.iter().any(tag), session, windows }
    }

    fn next(&self, declared: &Declared, window: &Name, (cols, rows): (u16, u16)) -> Place {
        let window = window.to_string();
        match self.windows.get(&window) {
            Some(at) => Place::Split { window: at.clone() },
            None if self.session.is_empty() => {
                Place::Session { name: declared.name.to_string(), window, cols, rows }
            }
            None => Place::Window { session: self.session.clone(), window },
        }
    }

    fn made(&mut self, window: &Name, made: &crate::port::Made) {
        self.session.clone_from(&made.session);
        self.windows.entry(window.to_string()).or_insert(made.window.clone());
    }
}
