//! Files and schedules that start a service again.

use std::{path::Path, time::Duration};

use super::{Actor, Report, Timer, slot::task};
use crate::{
    base::Moment,
    service::{
        fact::ServiceNoted,
        machine::{Cause, Desired, Input, Phase},
        model::ServiceId,
    },
};

/// Restarts by files within [`FLAP`] after which the watch is off: a service that writes what it
/// watches would never end (supervision.md §3.3).
const MOST: usize = 5;
const FLAP: Duration = Duration::from_secs(10);

impl Actor {
    /// Watches the files of a service for as long as it is wanted.
    pub(super) fn sync_watch(&mut self, id: &ServiceId) {
        let watcher = std::sync::Arc::clone(&self.ports.watcher);
        let reports = self.reports.clone();
        let Some(slot) = self.slots.get_mut(id) else { return };
        let stopping = matches!(slot.state.phase, Phase::Stopping { .. } | Phase::Down);
        let wanted = slot.state.desired != Desired::Down && !stopping && !slot.suspended;
        let (Some(watch), true) = (slot.service.watch.clone(), wanted) else {
            if !matches!(slot.state.phase, Phase::Stopping { .. }) || slot.suspended {
                slot.watching = None;
            }
            return;
        };
        if slot.watching.is_some() {
            return;
        }
        let changes = watcher.watch(slot.service.dir.clone(), &watch.paths, &watch.ignore);
        match changes {
            Ok(changes) => {
                let pause = Duration::from_millis(watch.debounce_ms);
                slot.watching = Some(task(debounce(changes, pause, id.clone(), reports)));
            }
            Err(what) => {
                let what = format!("its files cannot be watched: {what}");
                slot.note = Some(what.clone());
                let service = id.clone();
                self.owe(&ServiceNoted { service, what });
            }
        }
    }

    /// Files have changed, and are quiet now.
    pub(super) fn file_changed(&mut self, id: &ServiceId, path: &Path) {
        let now = self.uptime();
        let Some(slot) = self.slots.get_mut(id) else { return };
        slot.watch_hits.retain(|at| now.saturating_sub(*at) < FLAP);
        slot.watch_hits.push_back(now);
        let inside = path.strip_prefix(&slot.service.dir).unwrap_or(path).display().to_string();
        if slot.watch_hits.len() > MOST {
            slot.suspended = true;
            slot.watching = None;
            let what = format!(
                "its watch is off: {inside} and others changed {} times within {} s, does it write them itself?",
                slot.watch_hits.len(),
                FLAP.as_secs()
            );
            slot.note = Some(what.clone());
            self.dirty.insert(id.clone());
            let service = id.clone();
            return self.owe(&ServiceNoted { service, what });
        }
        let service = id.clone();
        self.owe(&ServiceNoted { service, what: format!("restarted: {inside} changed") });
        self.feed(id, Input::Restart(Cause::Watch));
    }

    /// A person has a hand in it: its watch is on again.
    pub(super) fn unsuspend(&mut self, id: &ServiceId) {
        if let Some(slot) = self.slots.get_mut(id)
            && std::mem::take(&mut slot.suspended)
        {
            slot.note = None;
            slot.watch_hits.clear();
        }
    }

    /// Arms the timer of a schedule.
    pub(super) fn sync_schedule(&mut self, id: &ServiceId) {
        let now = self.now();
        let Some(slot) = self.slots.get_mut(id) else { return };
        let wanted = slot.state.desired != Desired::Down;
        let next = slot.service.schedule.as_deref().filter(|_| wanted).and_then(|s| next(s, now));
        if slot.next_run == next {
            return;
        }
        slot.next_run = next;
        self.timers.retain(|(_, timer)| *timer != Timer::Due(id.clone()));
        self.dirty.insert(id.clone());
        if let Some(at) = next {
            self.timer(at.since(now), Timer::Due(id.clone()));
        }
    }

    /// A schedule says now. A run that is still under way is not doubled.
    pub(super) fn fall_due(&mut self, id: &ServiceId) {
        if let Some(slot) = self.slots.get_mut(id) {
            slot.next_run = None;
        }
        self.feed(id, Input::Due);
        self.sync_schedule(id);
    }
}

/// Reports a change once its files have been quiet for `pause`.
async fn debounce(
    mut changes: tokio::sync::mpsc::UnboundedReceiver<std::path::PathBuf>,
    pause: Duration,
    id: ServiceId,
    reports: tokio::sync::mpsc::UnboundedSender<Report>,
) {
    while let Some(mut path) = changes.recv().await {
        while let Ok(Some(later)) = tokio::time::timeout(pause, changes.recv()).await {
            path = later;
        }
        if reports.send(Report::Changed(id.clone(), path)).is_err() {
            return;
        }
    }
}

/// The next time a cron pattern names, in the zone of this machine.
fn next(pattern: &str, now: Moment) -> Option<Moment> {
    let cron: croner::Cron = pattern.parse().ok()?;
    let at = jiff::Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?;
    let zoned = at.to_zoned(jiff::tz::TimeZone::system());
    let next = cron.find_next_occurrence(&zoned, false).ok()?;
    u64::try_from(next.timestamp().as_millisecond()).ok().map(Moment)
}
