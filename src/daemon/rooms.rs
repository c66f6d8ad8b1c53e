//! Every slice's handle, and which adapter serves which port.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::FromRef};
use tokio::sync::Notify;

use super::{
    Options,
    starter::Runs,
    verb::{self, Handle},
};
use crate::{
    adapter::{
        Caller, GitOptions, SledStore, SystemClock, SystemFiles, SystemGit, SystemMailbox,
        SystemNotifier, SystemProber, SystemRandom, SystemSteps, SystemUnits, SystemWatcher,
        TmuxOptions, TmuxServer, process, unit_of_caller,
    },
    agent,
    base::{Code, Refusal, UnitId, unit::LogRule},
    config::Settings,
    inbox, knowledge, ledger, meter,
    port::{Git, Notifier, Steps, Store},
    scaffold, service, session, trigger,
    verb::{Noun, Who},
    workflow,
};

/// All handles; axum takes from it the one that a verb wants.
#[derive(Clone, FromRef)]
pub(super) struct Rooms {
    daemon: Handle,
    ledger: ledger::Handle,
    inbox: inbox::Handle,
    sessions: session::Handle,
    services: service::Handle,
    agents: agent::Handle,
    experts: knowledge::Handle,
    workflows: workflow::Handle,
    triggers: trigger::Handle,
    scaffold: scaffold::Handle,
}

impl Rooms {
    /// Builds the house: finds the panes that go on, starts the actors.
    pub(super) async fn build(
        options: &Options,
        world: World,
        end: Arc<Notify>,
    ) -> Result<Self, Refusal> {
        let Options { home, settings, .. } = options;
        let World { store, ports, services, notifier, git, steps } = world;
        let clock = Arc::clone(&ports.clock);
        let ledger = ledger::spawn(store, Arc::clone(&clock), retention(settings))?;
        let desk = inbox::Ports {
            clock: Arc::clone(&clock),
            random: Arc::clone(&ports.random),
            files: Arc::clone(&ports.files),
            watcher: Arc::clone(&services.watcher),
            notifier,
        };
        let inbox = inbox::spawn(ledger.clone(), desk, channels(options)?).await?;
        let learned =
            knowledge::Ports { files: Arc::clone(&ports.files), random: Arc::clone(&ports.random) };
        let experts =
            knowledge::spawn(home.clone(), ledger.clone(), inbox.clone(), learned).await?;
        let sessions =
            session::spawn(home.clone(), ports, ledger.clone(), upkeep(settings)).await?;
        let prober = Arc::clone(&services.prober);
        let services = service::spawn(sessions.clone(), services).await?;
        let ways = agent::Ports { git, prober };
        let exe = options.exe.clone();
        let (of, people) = (sessions.clone(), inbox.clone());
        let agents = agent::spawn(of, services.clone(), people, (ways, exe)).await?;
        let workflows = workflow::World {
            sessions: sessions.clone(),
            services: services.clone(),
            agents: agents.clone(),
            people: inbox.clone(),
            experts: experts.clone(),
            ports: workflow::Ports {
                steps,
                prober: Arc::clone(&services.ports().prober),
                exe: options.exe.clone(),
                give_back: process::give_back_memory,
            },
        };
        let workflows = workflow::spawn(workflows, runs(settings, &options.env)).await?;
        let triggers = triggers(options, &sessions, (&services, &workflows));
        let triggers = trigger::spawn(ledger.clone(), triggers).await?;
        let daemon = Handle::new(home.clone(), clock.now(), end);
        let scaffold = super::scaffold_here(home.clone(), options.exe.clone(), &options.env, None);
        Ok(Self {
            daemon,
            ledger,
            inbox,
            sessions,
            services,
            agents,
            experts,
            workflows,
            triggers,
            scaffold,
        })
    }

    /// Whom a process belongs to: the attempt whose shim it descends from, or a person. `None`: it
    /// stands behind a fence, and nobody knows whose.
    pub(super) fn who(&self, pid: i32) -> Option<Who> {
        match unit_of_caller(pid, &self.sessions.task_shims()) {
            Caller::Outside => Some(Who::Person),
            Caller::Unit(unit) => Some(Who::Agent(unit)),
            Caller::Unknown => None,
        }
    }

    /// An agent asked for what it may not: that is noted, beside the answer.
    pub(super) fn refused(&self, unit: UnitId, what: String) {
        let agents = self.agents.clone();
        tokio::spawn(async move { agents.note_refusal(&unit, what).await });
    }

    /// The ledger.
    pub(super) fn ledger(&self) -> &ledger::Handle {
        &self.ledger
    }

    /// See [`session::Handle::end_empty_server`].
    pub(super) async fn end_empty_server(&self) {
        self.sessions.end_empty_server().await;
    }

    /// Mounts every verb.
    pub(super) fn routes(router: Router<Self>) -> Router<Self> {
        let router = knowledge::routes(service::top::routes(verb::routes(router)));
        let router = service::streams(service::routes(router));
        let router = inbox::streams(inbox::top::routes(inbox::routes(router)));
        let router = ledger::top::routes(ledger::routes(ledger::streams(router)));
        let router = agent::own::routes(agent::agents::routes(agent::tasks::routes(router)));
        let router = agent::top::routes(meter::top::routes(router));
        let router = workflow::runs::routes(workflow::workflows::routes(router));
        let router = scaffold::projects::routes(scaffold::templates::routes(router));
        let router = trigger::hooks(trigger::routes(router));
        session::streams(session::routes(workflow::streams(router)))
    }
}

fn retention(settings: &Settings) -> ledger::Retention {
    let entries = settings.number("ledger", "keep_entries");
    ledger::Retention { entries, age: settings.span("ledger", "keep_age") }
}

/// The ways to the person.
fn channels(options: &Options) -> Result<inbox::Options, Refusal> {
    let (path, text) = options.settings.file();
    let user = ["USER", "LOGNAME"].into_iter().find_map(|name| options.env.get(name));
    Ok(inbox::Options {
        channels: inbox::channels(path, text)?,
        env: options.env.clone(),
        user: user.map_or("somebody", String::as_str).to_owned(),
        pauses: inbox::Options::pauses(),
    })
}

fn runs(settings: &Settings, env: &BTreeMap<String, String>) -> workflow::Options {
    let number = |name| settings.number("runs", name);
    workflow::Options {
        places: u32::try_from(number("parallel")).unwrap_or(u32::MAX).max(1),
        keep: usize::try_from(number("keep")).unwrap_or(usize::MAX),
        gives_up: cfg!(debug_assertions) && env.get("GAIA_RUN_MUTANT").is_some_and(|m| m == "lost"),
    }
}

/// What the triggers ask of the world.
fn triggers(
    options: &Options,
    sessions: &session::Handle,
    (services, workflows): (&service::Handle, &workflow::Handle),
) -> trigger::Ports {
    let env = Arc::new(options.env.clone());
    let session::Ports { files, clock, .. } = sessions.ports();
    let starter = Runs { workflows: workflows.clone(), env: Arc::clone(&env) };
    trigger::Ports {
        clock: Arc::clone(clock),
        files: Arc::clone(files),
        watcher: Arc::clone(&services.ports().watcher),
        starter: Arc::new(starter),
        home: options.home.clone(),
        env,
    }
}

fn upkeep(settings: &Settings) -> session::Upkeep {
    session::Upkeep {
        keep_logs: settings.span("logs", "keep"),
        prune_idle: settings.span("prune", "idle"),
        log: LogRule {
            segment_bytes: settings.number("logs", "segment").max(4096),
            keep_bytes: settings.number("logs", "keep_size"),
        },
    }
}

/// Which adapter serves which port.
pub(super) struct World {
    store: Arc<dyn Store>,
    ports: session::Ports,
    services: service::Ports,
    notifier: Arc<dyn Notifier>,
    git: Arc<dyn Git>,
    steps: Arc<dyn Steps>,
}

impl World {
    /// The world as it is: opens the store, listens for shims.
    pub(super) fn new(options: &Options) -> Result<Self, Refusal> {
        let Options { home, exe, settings, .. } = options;
        let store = SledStore::open(&home.store()).map_err(ledger::store_refusal)?;
        let keeper = [&exe.display().to_string(), "pane", "--hold"].map(str::to_owned).to_vec();
        let tmux = TmuxOptions {
            keeper,
            user_config: Some(settings.text("tmux", "user_config"))
                .filter(|p| !p.is_empty())
                .map(Into::into),
            history: u32::try_from(settings.number("tmux", "history")).unwrap_or(u32::MAX),
        };
        let units = SystemUnits::new(home.clone(), exe.clone()).map_err(|error| {
            Refusal::new(Code::Failed, format!("the hello socket cannot be made: {error}"))
                .help("free some space or correct the owner of the home")
        })?;
        let ports = session::Ports {
            tmux: Arc::new(TmuxServer::new(home.clone(), tmux)),
            units: Arc::new(units),
            processes: Arc::new(process::SystemProcesses),
            files: Arc::new(SystemFiles),
            clock: Arc::new(SystemClock::start()),
            random: Arc::new(SystemRandom),
        };
        let notifier = Arc::new(SystemNotifier::new(Arc::new(SystemProber)));
        let services = service::Ports {
            prober: Arc::new(SystemProber),
            watcher: Arc::new(SystemWatcher),
            mailbox: Arc::new(SystemMailbox::new(home.clone())),
        };
        let git = Arc::new(SystemGit::new(GitOptions::new(home.root().join("git"))));
        let steps = Arc::new(SystemSteps::new(home, exe.clone()));
        let world = Self { store: Arc::new(store), ports, services, notifier, git, steps };
        #[cfg(debug_assertions)]
        if let Some(at) = options.crash_at {
            return Ok(world.crashing_at(at));
        }
        Ok(world)
    }

    #[cfg(debug_assertions)]
    fn crashing_at(self, at: u32) -> Self {
        use crate::adapter::crash::{Crashing, Fuse};
        let fuse = Fuse::new(at);
        let session::Ports { tmux, units, processes, files, clock, random } = self.ports;
        let ports = session::Ports {
            tmux: Arc::new(Crashing { inner: tmux, fuse: fuse.clone() }),
            units: Arc::new(Crashing { inner: units, fuse: fuse.clone() }),
            processes,
            files,
            clock,
            random,
        };
        Self {
            store: Arc::new(Crashing { inner: self.store, fuse: fuse.clone() }),
            ports,
            services: self.services,
            notifier: self.notifier,
            git: Arc::new(Crashing { inner: self.git, fuse: fuse.clone() }),
            steps: Arc::new(Crashing { inner: self.steps, fuse }),
        }
    }
}

/// Every noun and its verbs: the command line, the routes and both references come from here.
#[must_use]
pub fn nouns() -> Vec<Noun> {
    let noun =
        |name, about, entries| Noun { name: Some(name), about, entries, usual: None, local: false };
    let here = |name, about, entries| Noun { local: true, ..noun(name, about, entries) };
    let top = |entries| Noun { name: None, about: "", entries, usual: None, local: false };
    vec![
        top(service::top::entries()),
        top(agent::top::entries()),
        top(ledger::top::entries()),
        top(inbox::top::entries()),
        top(meter::top::entries()),
        noun("session", "Sessions, their windows and panes", session::entries()),
        noun("service", "Services: programs that are kept running", service::entries()),
        Noun {
            usual: Some("list"),
            ..noun("inbox", "What waits for you, and the answers", inbox::entries())
        },
        noun("agent", "Coding agents: who does the work", agent::agents::entries()),
        noun("task", "Work handed to agents", agent::tasks::entries()),
        noun("workflow", "Workflows: what is done, in which order", workflow::workflows::entries()),
        noun("run", "Runs of workflows", workflow::runs::entries()),
        noun("trigger", "Triggers: what starts runs by itself", trigger::entries()),
        noun("self", "What an agent may ask, in its own pane", agent::own::entries()),
        noun("expert", "Experts: what is known about areas of the work", knowledge::entries()),
        here("scaffold", "Projects from templates", scaffold::projects::entries()),
        here("template", "Templates of projects", scaffold::templates::entries()),
        noun("ledger", "What happened: facts in a chain that shows any change", ledger::entries()),
        noun("daemon", "The daemon of this home", verb::entries()),
    ]
}
