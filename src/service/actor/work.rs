//! Effects that take time: each is a task of its service, and a new one takes the place of the old.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Actor, Report,
    hear::outlived,
    slot::{PRE_STOP_MS, task},
};
use crate::{
    base::{
        UnitId,
        unit::{OnExit, OnServerExit, Spec, Stop, VERSION},
        wire::Ask as ShimAsk,
    },
    ledger::Decision,
    port::{Run, UnitError},
    service::{
        fact::ServiceNoted,
        launch::Launch,
        machine::Input,
        model::{Command, Secret, ServiceId},
        probe::Check,
    },
};

/// How long a secret's command may take.
const SECRET: Duration = Duration::from_secs(30);

/// What a task needs of the world.
#[derive(Clone)]
pub(super) struct World {
    pub(super) sessions: crate::session::Handle,
    pub(super) ports: super::Ports,
    pub(super) reports: tokio::sync::mpsc::UnboundedSender<Report>,
}

impl World {
    pub(super) fn report(&self, id: &ServiceId, input: Input) {
        let _ = self.reports.send(Report::Input(id.clone(), input));
    }

    pub(super) fn note(&self, id: &ServiceId, what: String) {
        let mut decision = Decision::new();
        decision.fact(&ServiceNoted { service: id.clone(), what });
        let _ = self.reports.send(Report::Tell(Box::new(decision)));
    }
}

impl Actor {
    pub(super) fn world(&self) -> World {
        World {
            sessions: self.sessions.clone(),
            ports: self.ports.clone(),
            reports: self.reports.clone(),
        }
    }

    /// What is known for a start of this service.
    pub(super) fn launch(&self, id: &ServiceId) -> Option<Launch> {
        let slot = self.slots.get(id)?;
        let caller = self.callers.get(&id.workspace).map(|env| (**env).clone()).unwrap_or_default();
        let of = self.slots.values().filter(|other| other.id.workspace == id.workspace);
        let ports = of.map(|other| (other.id.short(), other.leases.clone())).collect();
        Some(Launch {
            id: id.clone(),
            service: slot.service.clone(),
            dir: slot.dir.clone(),
            caller,
            ports,
        })
    }

    /// Looks whether its ports are free, and makes its data folder.
    pub(super) fn prepare(&mut self, id: &ServiceId) {
        let (Some(launch), world) = (self.launch(id), self.world()) else { return };
        let Some(slot) = self.slots.get_mut(id) else { return };
        let (leases, id, sweeping) = (slot.leases.clone(), id.clone(), slot.sweeping.take());
        slot.work = Some(task(async move {
            if let Some(sweeping) = sweeping {
                let _ = sweeping.await;
            }
            let work = tokio::task::spawn_blocking({
                let world = world.clone();
                move || prepare(&world, &launch, &leases)
            });
            let input = match work.await {
                Ok(Ok(())) => Input::Prepared,
                Ok(Err(why)) => Input::Unprepared { why, permanent: true },
                Err(error) => Input::Unprepared { why: error.to_string(), permanent: true },
            };
            world.report(&id, input);
        }));
    }

    /// Runs its program in its pane.
    pub(super) fn spawn(&mut self, id: &ServiceId) {
        let (Some(launch), world) = (self.launch(id), self.world()) else { return };
        let digest = launch.digest(&*self.sessions.ports().files);
        let Some(slot) = self.slots.get_mut(id) else { return };
        slot.digest = digest;
        slot.early.clear();
        let known = slot.unit.clone();
        let record = slot.record();
        let id = id.clone();
        slot.work = Some(task(async move {
            if let Err((why, permanent)) = start(&world, &launch, known).await {
                world.report(&id, Input::Unprepared { why, permanent });
            }
        }));
        self.owe_record(&record);
    }

    /// Stops it: its hooks, then keys, command or signal, then everything that is left.
    pub(super) fn stop(&mut self, id: &ServiceId, kill: bool) {
        let (Some(launch), world) = (self.launch(id), self.world()) else { return };
        let Some(slot) = self.slots.get_mut(id) else { return };
        let incarnation = slot.state.incarnation;
        let unit = slot.unit.clone();
        let id = id.clone();
        slot.work = Some(task(async move {
            let gone = match &unit {
                None => true,
                Some(unit) => end(&world, &launch, unit, kill).await,
            };
            if gone {
                world.report(&id, Input::Emptied { incarnation });
            }
        }));
    }

    /// Kills what still says that it belongs to the unit.
    pub(super) fn sweep(&mut self, id: &ServiceId) {
        let world = self.world();
        let Some(slot) = self.slots.get_mut(id) else { return };
        let Some(unit) = slot.unit.clone() else { return };
        slot.sweeping = Some(tokio::spawn(async move {
            let _ = outlived(&world, &unit, true).await;
        }));
    }

    /// It is up: its `post_start` commands run beside it.
    pub(super) fn run_hooks(&mut self, id: &ServiceId) {
        let (Some(launch), world) = (self.launch(id), self.world()) else { return };
        let Some(slot) = self.slots.get_mut(id) else { return };
        let Some(unit) = slot.unit.clone() else { return };
        let id = id.clone();
        slot.hooks = Some(task(async move {
            for hook in &launch.service.post_start {
                if let Err(what) = beside(&world, (&launch, &unit), hook, PRE_STOP_MS).await {
                    world.note(&id, format!("post_start: {what}"));
                }
            }
        }));
    }
}

fn prepare(world: &World, launch: &Launch, leases: &BTreeMap<String, u16>) -> Result<(), String> {
    let ports = world.sessions.ports();
    if let Some(port) = leases.values().find(|port| !ports.processes.is_free(**port)) {
        return Err(match ports.processes.holder(*port) {
            Some(by) => format!(
                "port {port} is held by pid {} ({}, in {})",
                by.pid,
                by.name,
                by.cwd.display()
            ),
            None => format!("port {port} is held by a process of another user"),
        });
    }
    if launch.wants_data() {
        // Data is not source; a file that is there already is the person's.
        let _ = ports.files.create(&launch.dir.join(".gaia/.gitignore"), b"data/\n");
        let owner = launch.user(&*ports.processes)?.map(|user| (user.uid, user.gid));
        ports.files.private_dir(&launch.data(), owner)?;
    }
    Ok(())
}

/// Makes sure that its pane is there, writes what is to be run, and has it run.
async fn start(
    world: &World,
    launch: &Launch,
    known: Option<UnitId>,
) -> Result<(), (String, bool)> {
    let again = |why: String| (why, false);
    let mut known = known;
    // A shim that is just leaving its pane is no fault of the service's: the next one is waited for.
    for _ in 0..LEAVING {
        match start_in(world, launch, known.take()).await {
            Err(Started::Leaving) => {
                world.sessions.service_gone(&launch.id.workspace, &launch.id.short()).await
            }
            Err(Started::Not(why, permanent)) => return Err((why, permanent)),
            Ok(()) => return Ok(()),
        }
    }
    Err(again("its pane does not stay".to_owned()))
}

/// Shims that may leave before a start counts as failed.
const LEAVING: u32 = 3;

/// Why nothing was started.
enum Started {
    /// The shim is about to end.
    Leaving,
    /// Anything else, and whether no later try can help.
    Not(String, bool),
}

async fn start_in(world: &World, launch: &Launch, known: Option<UnitId>) -> Result<(), Started> {
    let again = |why: String| Started::Not(why, false);
    let unit = pane(world, &launch.id, known).await.map_err(again)?;
    let _ = world.reports.send(Report::Unit(launch.id.clone(), unit.clone()));
    let units = &world.sessions.ports().units;
    let spec = spec(world, launch, &unit).await.map_err(|why| Started::Not(why, true))?;
    let old = units.spec(&unit).await.ok();
    let same = |old: &Spec| Spec { rev: spec.rev, ..old.clone() } == spec;
    if !old.as_ref().is_some_and(same) {
        let rev = old.map_or(1, |old| old.rev + 1);
        let prepared = units.prepare(&Spec { rev, ..spec }).await;
        prepared.map_err(|error| again(error.to_string()))?;
    }
    match units.ask(&unit, ShimAsk::Start).await {
        Ok(_) => Ok(()),
        // A person ran it from its pane just now; that is told as any other start.
        Err(UnitError::Refused { what, .. }) if what.contains("already") => Ok(()),
        Err(UnitError::NotRunning(_)) => Err(Started::Leaving),
        Err(UnitError::Refused { what, .. }) if what.contains("being stopped") => {
            Err(Started::Leaving)
        }
        Err(error) => Err(again(error.to_string())),
    }
}

/// The unit of the pane that shows a service; made if need be.
async fn pane(world: &World, id: &ServiceId, known: Option<UnitId>) -> Result<UnitId, String> {
    // A person may have renamed its session.
    if let Some(unit) = known.filter(|unit| world.sessions.service_of(unit).is_some())
        && world.sessions.ports().units.found(&unit).await.is_ok_and(|found| found.alive)
    {
        return Ok(unit);
    }
    let opened = world.sessions.open_service(&id.workspace, &id.short()).await;
    opened.map_err(|refusal| refusal.to_string())
}

/// What the shim is to run.
async fn spec(world: &World, launch: &Launch, unit: &UnitId) -> Result<Spec, String> {
    let ports = world.sessions.ports();
    let ready = {
        let (launch, ports) = (launch.clone(), ports.clone());
        let read = move || launch.ready(&*ports.files, &*ports.processes);
        tokio::task::spawn_blocking(read).await.map_err(|e| e.to_string())??
    };
    let mut env = ready.env;
    for (key, secret) in &launch.service.secrets {
        if let Secret::Command(words) = secret {
            env.insert(key.clone(), printed(world, launch, words, &env).await?);
        }
    }
    env.insert("GAIA_PANE_ID".to_owned(), unit.to_string());
    env.insert("GAIA_HOME".to_owned(), world.sessions.home().root().display().to_string());
    if speaks(launch) {
        let path = world.ports.mailbox.open(unit)?;
        env.insert("NOTIFY_SOCKET".to_owned(), path.display().to_string());
    }
    let stop = &launch.service.stop;
    Ok(Spec {
        v: VERSION,
        id: unit.clone(),
        rev: 0,
        held: true,
        argv: ready.argv,
        cwd: ready.cwd,
        env,
        on_server_exit: OnServerExit::Keep,
        on_exit: OnExit::Keep,
        stop: Stop { signal: stop.signal, grace_ms: stop.grace_ms },
        limits: launch.service.limits.clone(),
        before: ready.before,
        pid_file: ready.pid_file,
        user: ready.user,
        stdin: None,
        fence: None,
        supervised: true,
        log: world.sessions.log_rule(),
        hello: Some(world.sessions.home().hello_socket()),
    })
}

/// Whether a probe listens to what it says of itself.
pub(super) fn speaks(launch: &Launch) -> bool {
    let probes = &launch.service.probes;
    let mut all = probes.startup.iter().chain(&probes.ready).chain(&probes.alive);
    all.any(|probe| probe.check == Check::Notify)
}

async fn printed(
    world: &World,
    launch: &Launch,
    words: &[String],
    env: &crate::session::Env,
) -> Result<String, String> {
    let argv = launch.argv(&Command::Argv(words.to_vec()))?;
    let cwd = launch.service.dir.clone();
    let run = Run { argv, env: env.clone(), cwd, user: None, timeout: SECRET };
    let ran = world.ports.prober.run(&run).await.map_err(|e| e.to_string())?;
    match ran.code {
        0 => Ok(ran.output.trim_end_matches('\n').to_owned()),
        // What it printed may be half a secret.
        code => Err(format!("the command of a secret ended with {code}")),
    }
}

/// Ends what runs in a unit; `true` if nothing can be there to tell of it.
async fn end(world: &World, launch: &Launch, unit: &UnitId, kill: bool) -> bool {
    let service = &launch.service;
    let ports = world.sessions.ports();
    let mut ask = ShimAsk::Stop {
        grace_ms: Some(service.stop.grace_ms),
        close: false,
        signal: Some(service.stop.signal),
    };
    if kill {
        ask = ShimAsk::Stop { grace_ms: Some(0), close: false, signal: Some(9) };
    } else {
        for hook in &service.pre_stop {
            if let Err(what) = beside(world, (launch, unit), hook, PRE_STOP_MS).await {
                world.note(&launch.id, format!("pre_stop: {what}"));
            }
        }
        let by_other_means = by_other_means(world, launch, unit).await;
        if by_other_means {
            let grace_ms = Some(service.stop.grace_ms);
            ask = ShimAsk::Stop { grace_ms, close: false, signal: Some(0) };
        }
    }
    match ports.units.ask(unit, ask).await {
        Ok(_) => false,
        Err(UnitError::NotRunning(_) | UnitError::Unknown(_)) => true,
        Err(error) => {
            world.note(&launch.id, format!("stop: {error}"));
            false
        }
    }
}

/// Stops it by its keys or its command, if it has some; whether that was done.
async fn by_other_means(world: &World, launch: &Launch, unit: &UnitId) -> bool {
    let stop = &launch.service.stop;
    let ports = world.sessions.ports();
    if !stop.keys.is_empty() {
        let Some(pane) = world.sessions.tmux_pane(unit) else { return false };
        let pressed = ports.tmux.keys(&pane, &stop.keys).await;
        if let Err(error) = &pressed {
            world.note(&launch.id, format!("stop.keys: {error}"));
        }
        return pressed.is_ok();
    }
    let Some(command) = &stop.command else { return false };
    let done = beside(world, (launch, unit), command, stop.grace_ms).await;
    if let Err(what) = &done {
        world.note(&launch.id, format!("stop.command: {what}"));
    }
    done.is_ok()
}

/// Runs a command in the environment of a service, beside it.
pub(super) async fn beside(
    world: &World,
    (launch, unit): (&Launch, &UnitId),
    command: &Command,
    timeout_ms: u64,
) -> Result<(), String> {
    let spec = world.sessions.ports().units.spec(unit).await.map_err(|e| e.to_string())?;
    let run = Run {
        argv: launch.argv(command)?,
        env: spec.env,
        cwd: spec.cwd,
        user: spec.user,
        timeout: Duration::from_millis(timeout_ms),
    };
    match world.ports.prober.run(&run).await {
        Ok(ran) if ran.code == 0 => Ok(()),
        Ok(ran) => {
            let last = ran.output.trim_end().lines().last().unwrap_or("").to_owned();
            Err(format!("`{}` ended with {}: {last}", command.show(), ran.code))
        }
        Err(error) => Err(error.to_string()),
    }
}
