//! What a person sees of a service.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    machine::{Desired, Ended, Health, Phase, State},
    model::{After, Condition, Kind, Service, ServiceId},
    probe::Role,
};
use crate::{
    base::{Moment, UnitId},
    port::Usage,
};

/// All services of a home.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    /// By id.
    pub(crate) services: BTreeMap<ServiceId, std::sync::Arc<ServiceView>>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ServiceView {
    /// Name in its workspace: `api`, or `api#2`.
    pub(crate) name: String,
    /// Session of its workspace.
    pub(crate) workspace: String,
    /// Name in the whole home: `api@demo`.
    pub(crate) id: ServiceId,
    /// Folder of its workspace.
    pub(crate) dir: String,
    /// `down`, `waiting`, `blocked`, `preparing`, `starting`, `running`, `stopping`, `backoff`,
    /// `completed`, `failed` or `lost`.
    pub(crate) phase: String,
    /// `unknown`, `starting`, `ready` or `not-ready`.
    pub(crate) health: String,
    /// What is wanted.
    pub(crate) desired: Desired,
    /// Why it is as it is, in a sentence, where there is something to say.
    pub(crate) why: Option<String>,
    /// Since when it is in this phase.
    pub(crate) since: Moment,
    /// Process id of its program, while it runs.
    pub(crate) pid: Option<i32>,
    /// Lives of its program in its present pane.
    pub(crate) incarnation: u32,
    /// Milliseconds the present one runs.
    pub(crate) uptime_ms: Option<u64>,
    /// When that began.
    pub(crate) started: Option<Moment>,
    /// Milliseconds from its start until it was ready, in the newest incarnation that was.
    pub(crate) ready_after_ms: Option<u64>,
    /// Restarts that nobody asked for.
    pub(crate) restarts: u64,
    /// How the newest finished incarnation ended.
    pub(crate) exit: Option<Ended>,
    /// Its main port.
    pub(crate) port: Option<u16>,
    /// All its ports by name.
    pub(crate) ports: BTreeMap<String, u16>,
    /// Share of one processor over the last look, in percent, its whole process tree.
    pub(crate) cpu_percent: f64,
    /// Resident memory of its whole process tree, in bytes.
    pub(crate) memory_bytes: u64,
    /// Open descriptors of its tree.
    pub(crate) open_files: u64,
    /// Threads of its tree.
    pub(crate) threads: u64,
    /// Processes of its tree.
    pub(crate) processes: u64,
    /// Services it depends on, and what must hold of them.
    pub(crate) after: BTreeMap<String, String>,
    /// What it waits for.
    pub(crate) waits_for: Vec<String>,
    /// The newest answers of its probes.
    pub(crate) probes: Vec<ProbeView>,
    /// Its pane.
    pub(crate) unit: Option<UnitId>,
    /// What it runs.
    pub(crate) command: String,
    /// Profiles it belongs to.
    pub(crate) profiles: Vec<String>,
    /// Whether it ends by itself when its work is done.
    pub(crate) oneshot: bool,
    /// When its schedule runs it next.
    pub(crate) next_run: Option<Moment>,
}

/// The newest answer of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ProbeView {
    /// Who it speaks for.
    pub(crate) role: Role,
    /// Its kind, e.g. `http`.
    pub(crate) kind: String,
    /// Whether it counts as good; absent before it was told apart.
    pub(crate) good: Option<bool>,
    /// The newest answers, newest last.
    pub(crate) answers: Vec<AnswerView>,
}

/// One answer of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AnswerView {
    /// When.
    pub(crate) at: Moment,
    /// Milliseconds it took, with three decimals.
    pub(crate) ms: u64,
    /// Why it is no good, if it is not.
    pub(crate) error: Option<String>,
}

/// What a view is folded from.
pub(crate) struct Parts<'a> {
    pub(crate) id: &'a ServiceId,
    pub(crate) dir: &'a std::path::Path,
    pub(crate) service: &'a Service,
    pub(crate) state: &'a State,
    pub(crate) pid: Option<i32>,
    pub(crate) unit: Option<UnitId>,
    pub(crate) leases: &'a BTreeMap<String, u16>,
    pub(crate) usage: Usage,
    pub(crate) cpu_percent: f64,
    pub(crate) probes: Vec<ProbeView>,
    pub(crate) next_run: Option<Moment>,
    pub(crate) notes: Option<String>,
}

impl ServiceView {
    pub(crate) fn of(parts: Parts<'_>) -> Self {
        let Parts { id, service, state, leases, usage, .. } = parts;
        let runs = matches!(
            state.phase,
            Phase::Preparing | Phase::Starting | Phase::Running | Phase::Stopping { .. }
        );
        let ready_after_ms = match (state.started, state.ready) {
            (Some(started), Some(ready)) if ready >= started => Some(ready.0 - started.0),
            _ => None,
        };
        Self {
            name: id.short(),
            workspace: id.workspace.to_string(),
            id: id.clone(),
            dir: parts.dir.display().to_string(),
            phase: state.phase.word().to_owned(),
            health: state.health.word().to_owned(),
            desired: state.desired,
            why: why(state).or(parts.notes),
            since: state.since,
            pid: parts.pid.filter(|_| runs),
            incarnation: state.incarnation,
            uptime_ms: None,
            started: state.started.filter(|_| runs),
            ready_after_ms,
            restarts: state.restarts,
            exit: state.last.clone(),
            port: leases.get("port").copied(),
            ports: leases.clone(),
            cpu_percent: parts.cpu_percent,
            memory_bytes: usage.memory,
            open_files: usage.files,
            threads: usage.threads,
            processes: usage.processes,
            after: service.after.iter().map(after).collect(),
            waits_for: waits_for(state),
            probes: parts.probes,
            unit: parts.unit,
            command: service.command.show(),
            profiles: service.profiles.clone(),
            oneshot: service.kind == Kind::Oneshot,
            next_run: parts.next_run,
        }
    }

    /// The view as seen at this moment.
    pub(crate) fn at(&self, now: Moment) -> Self {
        let uptime_ms =
            self.started.map(|at| u64::try_from(now.since(at).as_millis()).unwrap_or(u64::MAX));
        Self { uptime_ms, ..self.clone() }
    }

    /// Whether it is as good as it can be: ready, or up without a gate, or done.
    pub(crate) fn is_settled(&self) -> bool {
        match self.phase.as_str() {
            "completed" => true,
            "running" => self.health != "starting" && self.health != "not-ready",
            _ => false,
        }
    }

    /// Whether there is nothing left to wait for: a one-shot has to end.
    pub(crate) fn is_done(&self) -> bool {
        self.is_settled() && !(self.oneshot && self.phase == "running")
    }

    /// Whether waiting for it is in vain.
    pub(crate) fn is_hopeless(&self) -> bool {
        matches!(self.phase.as_str(), "failed" | "blocked" | "lost")
    }
}

fn after(after: &After) -> (String, String) {
    let what = match &after.condition {
        Condition::Started => "started".to_owned(),
        Condition::Ready => "ready".to_owned(),
        Condition::Completed => "completed".to_owned(),
        Condition::CompletedOk => "completed-ok".to_owned(),
        Condition::Log(line) => format!("/{line}/"),
        Condition::HealthyFor(0) => "up".to_owned(),
        Condition::HealthyFor(ms) => format!("ready for {ms} ms"),
    };
    (after.service.to_string(), what)
}

fn waits_for(state: &State) -> Vec<String> {
    match &state.phase {
        Phase::Waiting(what) | Phase::Blocked(what) => what.clone(),
        Phase::Down
        | Phase::Preparing
        | Phase::Starting
        | Phase::Running
        | Phase::Stopping { .. }
        | Phase::Backoff { .. }
        | Phase::Completed(_)
        | Phase::Failed(_)
        | Phase::Lost => vec![],
    }
}

fn why(state: &State) -> Option<String> {
    match &state.phase {
        Phase::Waiting(what) if !what.is_empty() => Some(format!("waits for {}", what.join(", "))),
        Phase::Blocked(what) => Some(what.join(", ")),
        Phase::Stopping { why, .. } => Some(why.show()),
        Phase::Backoff { attempt, .. } => {
            let ended = state.last.as_ref().map_or(String::new(), Ended::show);
            Some(format!("{ended}; restart {attempt} comes after a pause"))
        }
        Phase::Completed(ended) => Some(ended.show()),
        Phase::Failed(why) => Some(why.show().to_owned()),
        Phase::Lost => Some(
            "something of it may still run; `gaia service stop` kills that, `reset` starts it again"
                .to_owned(),
        ),
        Phase::Running => match &state.health {
            Health::NotReady { error, .. } => Some(error.clone()),
            Health::Unknown | Health::Starting | Health::Ready => None,
        },
        Phase::Down | Phase::Waiting(_) | Phase::Preparing | Phase::Starting => None,
    }
}
