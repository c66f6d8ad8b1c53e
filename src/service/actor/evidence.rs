//! Why a service failed: everything a person or an agent needs to see, in one fact.

use std::sync::Arc;

use super::{Actor, Report};
use crate::{
    ledger::Decision,
    port::LogSpan,
    service::{fact::ServiceEvidence, machine::Phase, model::ServiceId},
};

/// Lines of output that are kept.
const LINES: usize = 200;
/// Bytes in which they are looked for.
const BYTES: u64 = 64 << 10;
/// Changed files that are named.
const FILES: usize = 100;

impl Actor {
    /// Gathers the evidence of a failure, beside everything else.
    pub(super) fn gather_evidence(&mut self, id: &ServiceId) {
        let world = self.world();
        let Some(slot) = self.slots.get(id) else { return };
        let Phase::Failed(why) = slot.state.phase.clone() else { return };
        let view = slot.view();
        let probe = |probe: &crate::service::view::ProbeView| {
            let last = probe.answers.last();
            let said = last.map_or("was not asked".to_owned(), |answer| match &answer.error {
                None => "was good".to_owned(),
                Some(error) => error.clone(),
            });
            format!("{:?} {}: {said}", probe.role, probe.kind).to_lowercase()
        };
        let probes = view.probes.iter().map(probe).collect();
        let since = slot.state.ready.or(slot.state.started);
        let (unit, dir, service) = (slot.unit.clone(), slot.service.dir.clone(), id.clone());
        let watcher = Arc::clone(&self.ports.watcher);
        tokio::spawn(async move {
            let ports = world.sessions.ports();
            let (mut log, mut screen) = (vec![], String::new());
            if let Some(unit) = unit {
                let end = ports.units.output(&unit, u64::MAX, 1).await.map_or(0, |span| span.end);
                let from = end.saturating_sub(BYTES);
                let tail = ports.units.output(&unit, from, BYTES as usize).await;
                log = lines(&tail.unwrap_or_default());
                if let Some(pane) = world.sessions.tmux_pane(&unit) {
                    let shown = ports.tmux.capture(&pane, Default::default()).await;
                    screen = String::from_utf8_lossy(&shown.unwrap_or_default()).trim_end().into();
                }
            }
            let look = move || since.map(|at| watcher.changed_since(dir, at, FILES));
            let changed =
                tokio::task::spawn_blocking(look).await.ok().flatten().unwrap_or_default();
            let changed = changed.iter().map(|path| path.display().to_string()).collect();
            let mut decision = Decision::new();
            decision.fact(&ServiceEvidence { service, why, log, screen, probes, changed });
            let _ = world.reports.send(Report::Tell(Box::new(decision)));
        });
    }
}

fn lines(span: &LogSpan) -> Vec<String> {
    let text = String::from_utf8_lossy(&span.bytes);
    let all: Vec<&str> = text.lines().collect();
    let last = all.len().saturating_sub(LINES);
    all[last..].iter().map(|line| line.trim_end().to_owned()).collect()
}
