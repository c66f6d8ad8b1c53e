use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    time::Duration,
};

use tokio::task::AbortHandle;

use crate::{
    base::{Moment, UnitId},
    port::Usage,
    service::{
        history::History,
        machine::{CheckRule, Rules, State},
        model::{Service, ServiceId},
        probe::{Probe, Role},
        record::ServiceRecord,
        view::{AnswerView, Parts, ProbeView, ServiceView},
    },
};

/// Answers of a probe that are kept.
const ANSWERS: usize = 10;
/// What a stop may take beyond its hooks and its grace time (supervision.md §3.8).
const STOP_SLACK_MS: u64 = 5_000;
/// Time of each hook, in milliseconds (supervision.md §3.3).
pub(super) const PRE_STOP_MS: u64 = 30_000;
const PRE_START_MS: u64 = 60_000;

/// Shortest span that a share of the processor is told for.
const SHORTEST: Duration = Duration::from_millis(500);

/// One service and all that is known of it.
pub(super) struct Slot {
    pub(super) id: ServiceId,
    pub(super) dir: PathBuf,
    pub(super) service: Service,
    pub(super) rules: Rules,
    pub(super) state: State,
    pub(super) leases: BTreeMap<String, u16>,
    pub(super) digest: String,
    pub(super) unit: Option<UnitId>,
    pub(super) pid: Option<i32>,
    /// Offset of its log where the present incarnation began.
    pub(super) log_from: u64,
    /// What it said before its shim could tell that it runs.
    pub(super) early: Vec<String>,
    /// Tasks of the probes, and what they were started for.
    pub(super) asking: Vec<Task>,
    pub(super) asking_for: Option<(u32, Vec<Role>)>,
    pub(super) answers: Vec<VecDeque<AnswerView>>,
    /// Its `post_start` commands.
    pub(super) hooks: Option<Task>,
    /// What prepares, spawns or stops it.
    pub(super) work: Option<Task>,
    /// What kills the rest of it; nothing of it starts before that is done.
    pub(super) sweeping: Option<tokio::task::JoinHandle<()>>,
    /// Lines that have come since its start, of those that dependents wait for.
    pub(super) said: BTreeSet<String>,
    /// Who listens for them.
    pub(super) listening: BTreeMap<String, Task>,
    /// What watches its files.
    pub(super) watching: Option<Task>,
    pub(super) watch_hits: VecDeque<Duration>,
    pub(super) suspended: bool,
    pub(super) next_run: Option<Moment>,
    pub(super) usage: Usage,
    pub(super) cpu_percent: f64,
    /// Process, processor time and moment of the look that `cpu_percent` counts from.
    pub(super) looked: Option<(i32, u64, Duration)>,
    pub(super) history: History,
    /// It is removed as soon as nothing of it runs.
    pub(super) retiring: bool,
    /// A word beside its state, e.g. why its watch is off.
    pub(super) note: Option<String>,
}

/// A task that ends when it is dropped.
pub(super) struct Task(pub(super) AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs something in the background for as long as the task is held.
pub(super) fn task(work: impl Future<Output = ()> + Send + 'static) -> Task {
    Task(tokio::spawn(work).abort_handle())
}

impl Slot {
    pub(super) fn new(record: ServiceRecord) -> Self {
        let ServiceRecord { id, dir, service, state, leases, digest, unit } = record;
        let mut slot = Self {
            id,
            dir,
            rules: rules(&service),
            service,
            state,
            leases,
            digest,
            unit,
            pid: None,
            log_from: 0,
            early: vec![],
            asking: vec![],
            asking_for: None,
            answers: vec![],
            hooks: None,
            work: None,
            sweeping: None,
            said: BTreeSet::new(),
            listening: BTreeMap::new(),
            watching: None,
            watch_hits: VecDeque::new(),
            suspended: false,
            next_run: None,
            usage: Usage::default(),
            cpu_percent: 0.0,
            looked: None,
            history: History::default(),
            retiring: false,
            note: None,
        };
        slot.forget_answers();
        slot
    }

    pub(super) fn record(&self) -> ServiceRecord {
        ServiceRecord {
            id: self.id.clone(),
            dir: self.dir.clone(),
            service: self.service.clone(),
            state: self.state.clone(),
            leases: self.leases.clone(),
            digest: self.digest.clone(),
            unit: self.unit.clone(),
        }
    }

    /// Another definition holds from now on.
    pub(super) fn define(&mut self, service: Service) {
        self.rules = rules(&service);
        self.service = service;
        self.state.checks = vec![Default::default(); self.rules.checks.len()];
        self.asking.clear();
        self.asking_for = None;
        self.forget_answers();
    }

    /// The probes in the order of the rules.
    pub(super) fn probes(&self) -> Vec<(Role, Probe)> {
        let probes = &self.service.probes;
        let of =
            |role, all: &[Probe]| all.iter().map(move |p| (role, p.clone())).collect::<Vec<_>>();
        [
            of(Role::Startup, &probes.startup),
            of(Role::Ready, &probes.ready),
            of(Role::Alive, &probes.alive),
        ]
        .concat()
    }

    pub(super) fn forget_answers(&mut self) {
        self.answers = vec![VecDeque::new(); self.rules.checks.len()];
    }

    pub(super) fn remember(&mut self, check: usize, answer: AnswerView) {
        let Some(kept) = self.answers.get_mut(check) else { return };
        if kept.len() == ANSWERS {
            kept.pop_front();
        }
        kept.push_back(answer);
    }

    /// Share of one processor since the last look, in percent; of a process not looked at before,
    /// since it began.
    pub(super) fn share(&mut self, usage: Usage, at: Duration, now: Moment) -> f64 {
        let Some(pid) = self.pid else { return 0.0 };
        let (spent, span) = match self.looked {
            Some((old, cpu_ms, then)) if old == pid => {
                (usage.cpu_ms.saturating_sub(cpu_ms), at.saturating_sub(then))
            }
            _ => (usage.cpu_ms, now.since(self.state.started.unwrap_or(now))),
        };
        // Ticks of the kernel are too coarse for less.
        if span < SHORTEST {
            return self.cpu_percent;
        }
        self.looked = Some((pid, usage.cpu_ms, at));
        (spent as f64 * 1000.0 / span.as_millis() as f64).round() / 10.0
    }

    pub(super) fn view(&self) -> ServiceView {
        let probes = self.probes().into_iter().enumerate().map(|(at, (role, probe))| ProbeView {
            role,
            kind: probe.check.kind().to_owned(),
            good: self.state.checks.get(at).and_then(|counter| counter.good),
            answers: self.answers.get(at).into_iter().flatten().cloned().collect(),
        });
        ServiceView::of(Parts {
            id: &self.id,
            dir: &self.dir,
            service: &self.service,
            state: &self.state,
            pid: self.pid,
            unit: self.unit.clone(),
            leases: &self.leases,
            usage: self.usage,
            cpu_percent: self.cpu_percent,
            probes: probes.collect(),
            next_run: self.next_run,
            notes: self.note.clone(),
        })
    }
}

/// What the machine has to know of a definition.
pub(super) fn rules(service: &Service) -> Rules {
    let probes = &service.probes;
    let of = |role, all: &[Probe]| {
        let rule = move |probe: &Probe| CheckRule {
            role,
            failures: probe.failures,
            successes: probe.successes,
            start_period_ms: probe.start_period_ms,
        };
        all.iter().map(rule).collect::<Vec<_>>()
    };
    let hooks = |count: usize, each: u64| each * u64::try_from(count).unwrap_or(1);
    Rules {
        kind: service.kind.clone(),
        restart: service.restart.clone(),
        start_ms: service.start_timeout_ms,
        prepare_ms: hooks(service.pre_start.len(), PRE_START_MS)
            .max(PRE_START_MS)
            .max(service.start_timeout_ms),
        stop_ms: hooks(service.pre_stop.len(), PRE_STOP_MS) + service.stop.grace_ms + STOP_SLACK_MS,
        checks: [
            of(Role::Startup, &probes.startup),
            of(Role::Ready, &probes.ready),
            of(Role::Alive, &probes.alive),
        ]
        .concat(),
    }
}
