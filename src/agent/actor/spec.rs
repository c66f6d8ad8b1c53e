//! What the shim of an attempt is to run, and everything that has to lie ready for it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::job::Job;
use crate::{
    agent::{
        driver::{Driver, Launch, LaunchAsk, Mode, PromptWay, transcript},
        words,
    },
    base::{
        UnitId,
        unit::{Fence, Network, OnExit, OnServerExit, Spec, Stop, VERSION},
    },
    guard,
    meter::{Amount, Cap, Final, Grows, Reading, Span, Usage},
    session::is_usual,
};

/// A program that is asked to end gets this long (real-agents.md §1).
const GRACE_MS: u64 = 5_000;

/// Most characters of what an agent kept that are put before a task.
const MEMORY: usize = 8_000;

/// What an attempt is started with.
pub(super) struct Ready {
    pub(super) spec: Spec,
    pub(super) prompt: Option<Prompt>,
}

/// Its prompt, and how that comes to it.
pub(super) struct Prompt {
    pub(super) text: String,
    pub(super) way: &'static str,
}

/// Where it works.
pub(super) fn cwd(job: &Job) -> PathBuf {
    job.task.cwd()
}

/// The folder of gaia's own for the task.
pub(super) fn folder(job: &Job) -> PathBuf {
    job.world.sessions.home().task(&job.task.id.to_string())
}

/// The folder of the guards in front of its PATH: it can read them and not change them.
fn guards(job: &Job) -> PathBuf {
    job.world.sessions.home().guards(&job.task.id.to_string())
}

/// Names that the driver wants hidden from git.
pub(super) fn hidden(job: &Job) -> Vec<String> {
    let launch =
        load(job).and_then(|driver| driver.launch(&LaunchAsk { role: None, ..ask(job, None) }));
    launch.map(|launch| launch.hidden).unwrap_or_default()
}

/// The driver of its agent.
pub(super) fn load(job: &Job) -> Result<Driver, String> {
    let found = job.world.driver(&job.task.dir, &job.agent.driver);
    found.map_err(|refusal| refusal.to_string())
}

/// The environment of commands that gaia runs for a task: the caller's usual variables, and ports.
pub(super) fn plain_env(job: &Job) -> BTreeMap<String, String> {
    let mut env = passed(&job.caller, &job.agent.pass_env);
    env.extend(own_env(job));
    env
}

fn own_env(job: &Job) -> BTreeMap<String, String> {
    let mut env = job.task.wanted.told.clone();
    env.extend([
        ("GAIA_TASK".to_owned(), job.task.id.to_string()),
        ("GAIA_AGENT".to_owned(), job.agent.name.to_string()),
        ("GAIA_WORKSPACE".to_owned(), job.task.workspace.to_string()),
    ]);
    if job.task.wanted.output {
        let path = super::output::path(&job.task);
        env.insert("GAIA_OUTPUT".to_owned(), path.display().to_string());
    }
    for (name, port) in job.task.tree.iter().flat_map(|tree| &tree.ports) {
        let name = name.to_ascii_uppercase().replace('-', "_");
        env.insert(format!("PORT_{name}"), port.to_string());
        if job.policy.ports.len() == 1 {
            env.insert("PORT".to_owned(), port.to_string());
        }
    }
    env
}

/// The text that is sent: who the agent is and what it must keep to go before the task, where its
/// make has no place of their own for them.
pub(super) fn prompt(job: &Job) -> Option<String> {
    let (attempt, task) = (job.attempt(), &job.task.wanted.prompt);
    // A program that cannot go on with a session knows nothing of what it was told before.
    let knows = attempt.resume.is_some() && resumes(job);
    match &attempt.prompt {
        Some(text) if knows || task.is_empty() => Some(text.clone()),
        Some(text) => Some(format!("{task}\n\n{text}")),
        None if task.is_empty() => None,
        None if knows => Some("Go on with your task.".to_owned()),
        None => Some(task.clone()),
    }
}

/// What the agent kept for its next task, the newest of it.
fn memory(job: &Job) -> Option<String> {
    let world = &job.world;
    let path = world.sessions.home().memory(&job.task.workspace, job.agent.name.as_str());
    let bytes = world.sessions.ports().files.read(&path, 256 << 10).ok().flatten()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let from = text.char_indices().rev().nth(MEMORY).map_or(0, |(at, _)| at);
    Some(text[from..].to_owned()).filter(|text| !text.trim().is_empty())
}

fn ask(job: &Job, prompt: Option<String>) -> LaunchAsk {
    let (agent, attempt, folder) = (&job.agent, job.attempt(), folder(job));
    let role = agent.role.clone().unwrap_or_default();
    let mut brief = words::brief(&job.task, agent, &job.policy);
    if let Some(memory) = memory(job) {
        brief.push_str(&format!("\n\nWhat you kept from earlier tasks:\n{memory}"));
    }
    let caller = job.caller.clone();
    let mut env = agent.env.clone();
    env.extend(own_env(job));
    // Some programs hand their tools only what is named here.
    let home = job.world.sessions.home().root().display().to_string();
    env.insert("GAIA_HOME".to_owned(), home);
    LaunchAsk {
        mode: attempt.mode,
        prompt,
        session: attempt.session.clone(),
        resume: attempt.resume.clone().filter(|_| resumes(job)),
        model: agent.model.clone(),
        effort: None,
        permission: agent.permission,
        tools_allowed: agent.tools.allow.clone(),
        tools_denied: agent.tools.deny.clone(),
        commands_denied: agent.fence.deny.clone(),
        role: Some(format!("{role}\n\n{brief}").trim().to_owned()),
        instructions: agent.instructions.iter().map(|file| job.task.dir.join(file)).collect(),
        max_turns: agent.max_turns,
        max_cost_usd: most(&job.task.wanted.budget, &agent.budget),
        home: folder.join("home"),
        tmp: folder.join("tmp"),
        worktree: cwd(job),
        repo_root: job.task.dir.clone(),
        gaia: job.world.exe.clone(),
        fenced: true,
        offline: false,
        login: agent.login,
        port: None,
        user_home: caller.get("HOME").map(PathBuf::from),
        caller_env: caller,
        env,
        args: agent.args.clone(),
        command: agent.command.clone(),
    }
}

/// The money that the budgets of the task and the agent leave one attempt, in dollars.
fn most(task: &[Cap], agent: &[Cap]) -> Option<f64> {
    let money = |cap: &Cap| match (cap.limit, cap.span) {
        (Amount::Money(micros), Span::Ever) => Some(micros),
        _ => None,
    };
    task.iter().chain(agent).filter_map(money).min().map(|micros| micros.dollars())
}

/// Lays everything ready and says what is to be run.
pub(super) async fn ready(job: &Job, unit: &UnitId) -> Result<Ready, String> {
    let driver = load(job)?;
    let text = prompt(job);
    let mut wanted = ask(job, text.clone());
    if !driver.takes_role() {
        let role = wanted.role.take().unwrap_or_default();
        wanted.prompt = wanted.prompt.map(|prompt| format!("{role}\n\n{prompt}"));
    }
    let launch = driver.launch(&wanted)?;
    let stdin = lay(job, &launch)?;
    let mut write = launch.write.clone();
    write.push(job.task.tree.as_ref().map_or_else(|| cwd(job), |tree| tree.work.path.clone()));
    if let Some(tree) = job.task.tree.as_ref()
        && job.agent.fence.commit == guard::Commit::Agent
    {
        let git = &job.world.ports.git;
        let paths = git.guard_paths(&tree.repo, &tree.work).await.map_err(|e| e.to_string())?;
        write.extend(paths);
    }
    let mut env = launch.env.clone();
    let guards = guards(job);
    let path = env.get("PATH").cloned().unwrap_or_default();
    env.insert("PATH".to_owned(), format!("{}:{path}", guards.display()));
    env.insert("GAIA_GUARD".to_owned(), guards.join("rules.json").display().to_string());
    env.insert("GAIA_PANE_ID".to_owned(), unit.to_string());
    let way = match launch.prompt {
        PromptWay::AtStart => "start",
        PromptWay::Paste => "paste",
        PromptWay::Http { .. } => "http",
    };
    let spec = Spec {
        v: VERSION,
        id: unit.clone(),
        rev: 0,
        held: true,
        argv: launch.argv.clone(),
        cwd: cwd(job),
        env,
        on_server_exit: OnServerExit::Keep,
        on_exit: OnExit::Keep,
        stop: Stop { signal: 15, grace_ms: GRACE_MS },
        limits: BTreeMap::new(),
        before: vec![],
        pid_file: None,
        user: None,
        supervised: true,
        log: job.world.sessions.log_rule(),
        hello: Some(job.world.sessions.home().hello_socket()),
        stdin,
        fence: fence(job, write),
    };
    Ok(Ready { spec, prompt: text.map(|text| Prompt { text, way }) })
}

/// The kernel's part of its fence.
fn fence(job: &Job, mut write: Vec<PathBuf>) -> Option<Fence> {
    let rules = &job.agent.fence;
    if !rules.kernel {
        return None;
    }
    let home = job.world.sessions.home();
    write.push(PathBuf::from("/dev"));
    write.extend(rules.also_write.iter().map(PathBuf::from));
    // What gaia keeps of others is nobody's business. Sockets are reached without reading.
    let private = home.private();
    let secrets = rules.read_deny.iter().map(|path| expand(job, path));
    let real = |paths: Vec<PathBuf>| resolve(job, paths);
    Some(Fence {
        write: real(write),
        deny_read: real(secrets.chain(private).collect()),
        network: match &rules.network {
            guard::Network::All => Network::All,
            guard::Network::None => Network::None,
            guard::Network::Ports(ports) => Network::Ports(ports.clone()),
        },
        cover: real(cover(job)),
        best_effort: rules.without_kernel == guard::WithoutKernel::Run,
    })
}

/// Paths without links in them: the kernel's fence takes no others.
fn resolve(job: &Job, paths: Vec<PathBuf>) -> Vec<PathBuf> {
    let files = &job.world.sessions.ports().files;
    let mut all: Vec<PathBuf> = paths.iter().map(|path| files.real(path)).collect();
    all.sort();
    all.dedup();
    all
}

/// Folders with sockets through which a program could have others act for it: gaia's own tmux
/// server, the person's, their session bus and agents, the container daemons.
fn cover(job: &Job) -> Vec<PathBuf> {
    let home = job.world.sessions.home();
    let uid = job.world.sessions.ports().processes.user_id();
    let runtime = job.caller.get("XDG_RUNTIME_DIR").map(PathBuf::from);
    let fixed = ["/run/docker.sock", "/run/containerd", "/run/podman"];
    let mut all = home.covered();
    all.push(PathBuf::from(format!("/tmp/tmux-{uid}")));
    all.push(PathBuf::from(format!("/run/user/{uid}")));
    all.extend(fixed.iter().map(PathBuf::from));
    // A home below the runtime folder would be covered with it.
    all.extend(runtime);
    all.retain(|path| !home.root().starts_with(path) && !cwd(job).starts_with(path));
    all.sort();
    all.dedup();
    all
}

/// A path as a person writes it.
fn expand(job: &Job, path: &str) -> PathBuf {
    let home = job.caller.get("HOME").map_or("/", String::as_str);
    match path.strip_prefix("~/") {
        Some(rest) => Path::new(home).join(rest),
        None => job.task.dir.join(path),
    }
}

/// Writes its files, its links and its guards; the file that is its standard input, if it has one.
fn lay(job: &Job, launch: &Launch) -> Result<Option<PathBuf>, String> {
    let files = &job.world.sessions.ports().files;
    let folder = folder(job);
    for private in ["", "home", "tmp"] {
        files.private_dir(&folder.join(private), None)?;
    }
    for (path, text) in &launch.files {
        if let Some(parent) = path.parent() {
            files.private_dir(parent, None)?;
        }
        files.keep(path, text.as_bytes())?;
    }
    for (from, to) in &launch.links {
        if files.exists(from) {
            if let Some(parent) = to.parent() {
                files.private_dir(parent, None)?;
            }
            files.link(from, to)?;
        }
    }
    lay_guards(job, &guards(job))?;
    let Some(text) = &launch.stdin else { return Ok(None) };
    let path = folder.join(format!("prompt.{}", job.attempt().number));
    files.keep(&path, text.as_bytes())?;
    Ok(Some(path))
}

/// Names in front of its PATH that stand for gaia: each judges a command line and runs the real
/// program if that is allowed.
fn lay_guards(job: &Job, folder: &Path) -> Result<(), String> {
    let files = &job.world.sessions.ports().files;
    files.private_dir(folder, None)?;
    let rules = job.agent.fence.commands();
    for program in rules.programs() {
        files.link(&job.world.exe, &folder.join(program))?;
    }
    let text = serde_json::to_vec(&rules).map_err(|error| error.to_string())?;
    files.keep(&folder.join("rules.json"), &text)
}

/// The variables of whoever asks that agents may see: what programs usually need, and what the
/// definition of an agent takes over.
pub(crate) fn passed(
    caller: &BTreeMap<String, String>,
    wanted: &[String],
) -> BTreeMap<String, String> {
    let passes = |name: &str| is_usual(name) || wanted.iter().any(|w| w == name);
    let some = caller.iter().filter(|(name, _)| passes(name));
    some.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether it runs through its command line.
pub(super) fn is_headless(job: &Job) -> bool {
    job.attempt().mode == Mode::Headless
}

/// Whether its make can go on with a session.
pub(super) fn resumes(job: &Job) -> bool {
    load(job).is_ok_and(|driver| driver.resumes())
}

/// A transcript is read up to this size.
const TRANSCRIPT: usize = 64 << 20;

/// What the files that its program keeps of the conversation tell of tokens.
pub(super) fn used(job: &Job) -> Final {
    let found = || {
        let driver = load(job).ok()?;
        let glob = transcript::glob(&driver, &ask(job, None), &job.attempt().session)?;
        let files = &job.world.sessions.ports().files;
        let path = files.matching(&folder(job), &glob).into_iter().last()?;
        let text = files.read(&path, TRANSCRIPT).ok().flatten()?;
        Some(transcript::usage(&driver, &String::from_utf8_lossy(&text)))
    };
    let session = &job.attempt().session;
    let line = |(model, tokens): (String, crate::agent::driver::Tokens)| {
        let report = Usage { tokens: tokens.into(), cost: None };
        // The file is of the whole conversation, over every attempt that went on with it.
        let session = session.clone();
        (model, Reading::Counter { session, report, grows: Grows::All })
    };
    Final::Reported(found().unwrap_or_default().into_iter().map(line).collect())
}
