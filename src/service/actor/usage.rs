//! What the trees of services use.

use std::{sync::Arc, time::Duration};

use super::{Actor, Report};
use crate::{
    port::Usage,
    service::{machine::Input, model::ServiceId},
};

impl Actor {
    /// Has a look taken at all trees.
    pub(super) fn sample(&mut self) {
        let of: Vec<(ServiceId, i32)> =
            self.slots.values().filter_map(|slot| Some((slot.id.clone(), slot.pid?))).collect();
        let at = self.uptime();
        if of.is_empty() {
            return self.note_usage(vec![], at);
        }
        let processes = Arc::clone(&self.sessions.ports().processes);
        let reports = self.reports.clone();
        tokio::task::spawn_blocking(move || {
            let pids: Vec<i32> = of.iter().map(|(_, pid)| *pid).collect();
            let all = of.into_iter().map(|(id, _)| id).zip(processes.usage(&pids)).collect();
            let _ = reports.send(Report::Usage(all, at));
        });
    }

    /// Takes in what was seen.
    pub(super) fn note_usage(&mut self, all: Vec<(ServiceId, Usage)>, at: Duration) {
        let now = self.now();
        for (id, usage) in all {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            slot.cpu_percent = slot.share(usage, at, now);
            slot.usage = usage;
            let (point, cpu) = (now, slot.cpu_percent);
            if let Some(chunk) = slot.history.add(&id, point, (usage, cpu)) {
                self.owed.put(&chunk);
            }
            let (incarnation, limit) = (slot.state.incarnation, slot.service.max_memory);
            self.dirty.insert(id.clone());
            if let Some(limit) = limit.filter(|limit| usage.memory > *limit) {
                let mib = |bytes: u64| bytes >> 20;
                let what =
                    format!("it uses {} MiB, and its limit is {}", mib(usage.memory), mib(limit));
                self.feed(&id, Input::Breached { incarnation, what });
            }
        }
        for waiter in std::mem::take(&mut self.samplers) {
            let _ = waiter.send(());
        }
        self.publish();
    }
}
