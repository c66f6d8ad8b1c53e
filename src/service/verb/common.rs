//! What several verbs say and ask.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use super::text::service_table;
pub(super) use super::{
    bring::{Bring, Brought, bring},
    set::{Set, one},
    text::{bytes, first_line, phase, probe_line, progress, span, usage_table},
};
use crate::{
    base::{Code, Refusal, duration},
    service::{
        actor::Handle,
        model::ServiceId,
        view::{ServiceView, View},
    },
    verb::Ui,
};

/// How long a verb waits unless it is told otherwise.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether to wait for the outcome.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize, JsonSchema)]
pub(super) struct Wait {
    /// Return when it is done, or cannot be
    #[arg(long)]
    #[serde(default)]
    pub(super) wait: bool,
    /// Longest time to wait, e.g. `30s`; two minutes if it is left out
    #[arg(long)]
    pub(super) timeout: Option<String>,
}

impl Wait {
    /// The longest time to wait.
    pub(super) fn patience(&self) -> Result<Duration, Refusal> {
        let Some(text) = &self.timeout else { return Ok(PATIENCE) };
        duration(text).ok_or_else(|| {
            Refusal::new(Code::Invalid, format!("`{text}` is no span of time"))
                .help("write it like 30s or 2m")
        })
    }
}

/// The services that a verb was about, as they are after it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Concerned {
    /// The services.
    pub(super) services: Vec<ServiceView>,
    /// Whether their outcome was waited for.
    pub(super) waited: bool,
}

impl Concerned {
    /// As they are now.
    pub(super) fn of(handle: &Handle, ids: &[ServiceId], waited: bool) -> Self {
        Self { services: views(handle, ids), waited }
    }

    pub(super) fn show(&self, ui: &Ui) -> String {
        service_table(&self.services, ui)
    }

    /// Whether one of them should be up and is not.
    pub(super) fn failed(&self) -> bool {
        self.waited && unsettled(&self.services)
    }
}

/// The views of services as of now.
pub(crate) fn views(handle: &Handle, ids: &[ServiceId]) -> Vec<ServiceView> {
    let (view, now) = (handle.view(), handle.sessions().ports().clock.now());
    ids.iter().filter_map(|id| view.services.get(id)).map(|service| service.at(now)).collect()
}

/// Waits until services are up (or cannot be).
pub(super) async fn settled(handle: &Handle, ids: &[ServiceId], patience: Duration) {
    let done = |view: &View| {
        let all: Vec<_> = ids.iter().filter_map(|id| view.services.get(id)).collect();
        all.iter().all(|s| s.is_done() || s.is_hopeless())
    };
    handle.until(patience, done).await;
}

/// Waits until nothing of services runs.
pub(in crate::service) async fn stopped(handle: &Handle, ids: &[ServiceId], patience: Duration) {
    let rests = |phase: &str| matches!(phase, "down" | "failed" | "completed");
    let done =
        |view: &View| ids.iter().all(|id| view.services.get(id).is_none_or(|s| rests(&s.phase)));
    handle.until(patience, done).await;
}

/// Longest wait for services that stop: their own grace times end it before.
pub(super) const STOP: Duration = Duration::from_secs(600);

/// Services and all that they depend on, in the same workspaces.
pub(super) fn with_needs(handle: &Handle, ids: &[ServiceId]) -> Vec<ServiceId> {
    let view = handle.view();
    let (mut found, mut next) = (BTreeSet::new(), ids.to_vec());
    while let Some(id) = next.pop() {
        let Some(service) = view.services.get(&id) else { continue };
        if !found.insert(id.clone()) {
            continue;
        }
        let of = |other: &&ServiceId| {
            other.workspace == id.workspace && service.after.contains_key(other.name.as_str())
        };
        next.extend(view.services.keys().filter(of).cloned());
    }
    found.into_iter().collect()
}

/// Services in the order in which they are stopped: those that depend on others first.
pub(super) fn stop_ranks(handle: &Handle, ids: &[ServiceId]) -> Vec<Vec<ServiceId>> {
    let view = handle.view();
    let mut rank: BTreeMap<&ServiceId, usize> = ids.iter().map(|id| (id, 0)).collect();
    for _ in 0..ids.len().min(64) {
        let before = rank.clone();
        for id in ids {
            let Some(service) = view.services.get(id) else { continue };
            let needs = before.iter().filter(|(other, _)| {
                other.workspace == id.workspace && service.after.contains_key(other.name.as_str())
            });
            let own = needs.map(|(_, at)| at + 1).max().unwrap_or(0);
            rank.insert(id, own);
        }
        if rank == before {
            break;
        }
    }
    let mut ranks = vec![vec![]; rank.values().max().map_or(0, |highest| highest + 1)];
    for (id, at) in rank {
        ranks[at].push(id.clone());
    }
    ranks.reverse();
    ranks
}

/// Services that are not as they shall be, when they should be up.
pub(super) fn unsettled(services: &[ServiceView]) -> bool {
    services.iter().any(|service| !service.is_done())
}
