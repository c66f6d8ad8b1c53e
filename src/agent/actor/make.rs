//! The steps that make an attempt. Each may be done twice: it finds what is there already.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    job::{Halt, Job},
    spec,
};
use crate::{
    agent::{
        delivery::Receipt as Rung,
        model::{Place, Receipt, State, Step},
        record::Tree,
        words,
    },
    base::{Name, UnitId, unit::Spec, wire::Ask as ShimAsk},
    port::{Carry, GitError, Head, NewWork, Repo, Run, UnitError},
    session::{TaskPane, What},
};

/// Longest time of a setup command.
const SETUP: Duration = Duration::from_secs(30 * 60);
/// Ports that are leased: above those of usual servers, below those the kernel gives away
/// (`ip_local_port_range` begins at 32768).
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// Its worktree, on a branch of its own.
pub(super) async fn worktree(job: &mut Job) -> Result<(), Halt> {
    if job.task.wanted.place == Place::InPlace || job.task.tree.is_some() {
        return job.done(Step::Worktree, |_| ()).await;
    }
    let git = job.world.ports.git.clone();
    let repo = git.repo(&job.task.dir).await.map_err(no_repository)?;
    let start = ahead(job).or_else(|| job.policy.base.clone());
    let start = start.unwrap_or_else(|| "HEAD".to_owned());
    let base = git.resolve(&repo, &start).await.map_err(halt)?;
    let Some(base) = base else { return Err(Halt::Failed(no_commit(&repo, &start))) };
    let new = NewWork {
        path: job.policy.worktrees.join(job.task.id.to_string()),
        branch: words::branch(&job.policy.branch, &job.task),
        base,
        reason: format!("gaia: task {}", job.task.id),
        submodules: job.policy.submodules,
        exclude: exclude(job, &repo),
    };
    let work = git.add_worktree(&repo, &new).await.map_err(halt)?;
    let target = job.policy.target.clone().or_else(|| job.policy.base.clone());
    let target = target.or(match &repo.head {
        Head::Branch(name) => Some(name.clone()),
        Head::Detached(_) | Head::Unborn(_) => None,
    });
    let tree = Tree { repo, work, target, prepared: false, ports: BTreeMap::new() };
    job.done(Step::Worktree, |task| task.tree = Some(tree)).await
}

/// The branch of a task that it comes after, as long as that is not landed: its work is needed.
fn ahead(job: &Job) -> Option<String> {
    let view = job.world.view.borrow();
    let before = job.task.wanted.after.iter().rev().filter_map(|id| view.tasks.get(id));
    let mut done = before.filter(|task| task.state == State::Done);
    let branch = done.find_map(|task| task.tree.as_ref()?.work.branch.clone())?;
    Some(format!("refs/heads/{branch}"))
}

fn no_repository(error: GitError) -> Halt {
    let bare = matches!(error, GitError::NotARepo(_) | GitError::Bare(_));
    let way = if bare { ": ask for it with --in-place, or run `git init` and commit" } else { "" };
    Halt::Failed(format!("there can be no worktree: {error}{way}"))
}

fn no_commit(repo: &Repo, start: &str) -> String {
    match &repo.head {
        Head::Unborn(branch) => {
            format!("the branch {branch} has no commit yet: commit something, or use --in-place")
        }
        Head::Branch(_) | Head::Detached(_) => {
            format!("there is no commit `{start}` to start from")
        }
    }
}

pub(super) fn halt(error: GitError) -> Halt {
    Halt::Failed(error.to_string())
}

/// Files in a worktree that are no work of the agent's.
fn exclude(job: &Job, repo: &Repo) -> Vec<String> {
    let top = repo.top.as_deref().unwrap_or(&job.task.dir);
    let below = job.task.dir.strip_prefix(top).unwrap_or(Path::new(""));
    let output = Path::new("/").join(below).join(super::output::FILE);
    let own = ["/.gaia/".to_owned(), output.display().to_string()];
    let carried = job.policy.copy.iter().chain(&job.policy.link);
    let driver = spec::hidden(job);
    own.into_iter()
        .chain(carried.map(|p| format!("/{}", p.trim_start_matches('/'))))
        .chain(driver)
        .collect()
}

/// Its untracked files, its ports, its setup commands.
pub(super) async fn prepare(job: &mut Job) -> Result<(), Halt> {
    let Some(mut tree) = job.task.tree.clone() else {
        return job.done(Step::Prepared, |_| ()).await;
    };
    let (git, top) = (job.world.ports.git.clone(), tree.repo.top.clone());
    if let Some(top) = &top {
        for (patterns, link) in [(&job.policy.copy, false), (&job.policy.link, true)] {
            let carry = Carry { patterns: patterns.clone(), link };
            git.carry(top, &tree.work.path, &carry).await.map_err(halt)?;
        }
    }
    if tree.ports.is_empty() {
        tree.ports = lease(job);
        let leased = tree.clone();
        job.change(|task, _| task.tree = Some(leased)).await?;
    }
    if !tree.prepared {
        set_up(job).await?;
    }
    job.done(Step::Prepared, |task| {
        if let Some(tree) = &mut task.tree {
            tree.prepared = true;
        }
    })
    .await
}

async fn set_up(job: &Job) -> Result<(), Halt> {
    for command in &job.policy.setup {
        let run = Run {
            argv: crate::define::program(command, "/bin/sh"),
            env: spec::plain_env(job),
            cwd: spec::cwd(job),
            user: None,
            timeout: SETUP,
        };
        let shown = command.show();
        match job.world.ports.prober.run(&run).await {
            Ok(ran) if ran.code == 0 => (),
            Ok(ran) => {
                let last: Vec<&str> = ran.output.trim_end().lines().rev().take(5).collect();
                let last: Vec<&str> = last.into_iter().rev().collect();
                let (code, last) = (ran.code, last.join(" | "));
                let said = if last.is_empty() { last } else { format!(": {last}") };
                return Err(Halt::Failed(format!("setup `{shown}` ended with {code}{said}")));
            }
            Err(error) => return Err(Halt::Failed(format!("setup `{shown}`: {error}"))),
        }
    }
    Ok(())
}

/// Ports that other tasks have.
fn leased(job: &Job) -> Vec<u16> {
    let view = job.world.view.borrow();
    let trees = view.tasks.values().filter(|t| !t.state.is_over()).filter_map(|t| t.tree.as_ref());
    trees.flat_map(|tree| tree.ports.values().copied()).collect()
}

/// Ports that nobody listens on and no other task has.
fn lease(job: &Job) -> BTreeMap<String, u16> {
    let ports = job.world.sessions.ports();
    let mut taken = leased(job);
    let mut leased = BTreeMap::new();
    for name in &job.policy.ports {
        let span = PORTS.end - PORTS.start;
        let begin = ports.random.word() % span;
        let port = (0..span)
            .map(|step| PORTS.start + (begin + step) % span)
            .find(|port| !taken.contains(port) && ports.processes.is_free(*port));
        if let Some(port) = port {
            taken.push(port);
            leased.insert(name.clone(), port);
        }
    }
    leased
}

/// Its pane, in which nothing runs yet.
pub(super) async fn pane(job: &mut Job) -> Result<(), Halt> {
    let sessions = job.world.sessions.clone();
    let session = sessions.session_for(&job.task.workspace, &job.task.dir);
    let window = match job.attempt().number {
        1 => format!("{}-{}", job.task.id, job.agent.name),
        number => format!("{}-{}-{number}", job.task.id, job.agent.name),
    };
    let wanted = TaskPane {
        session: session.clone(),
        dir: job.task.dir.clone(),
        window: Name::near(&window, "task"),
        task: job.name(),
        cwd: spec::cwd(job),
    };
    let unit = sessions.open_task(&wanted).await?;
    // Only now: a session ends with its last pane.
    close_earlier(job).await?;
    job.done(Step::Pane, |task| {
        if let Some(attempt) = task.attempts.last_mut() {
            attempt.unit = Some(unit);
            attempt.shown_in = Some(session);
        }
    })
    .await
}

/// The panes of earlier attempts give way: two agents never share a worktree. Their output is kept.
async fn close_earlier(job: &Job) -> Result<(), Halt> {
    let sessions = &job.world.sessions;
    let earlier = job.task.attempts.iter().rev().skip(1).filter_map(|a| a.unit.clone());
    let there: Vec<UnitId> = earlier.filter(|unit| sessions.task_of(unit).is_some()).collect();
    if !there.is_empty() {
        sessions.close(What::Units(there)).await?;
    }
    Ok(())
}

/// Its program: what it gets is written, then that it is started, then it is.
pub(super) async fn launch(job: &mut Job) -> Result<(), Halt> {
    let unit = job.unit()?;
    super::output::make_room(job);
    let ready = spec::ready(job, &unit).await.map_err(Halt::Failed)?;
    let units = job.world.sessions.ports().units.clone();
    let old = units.spec(&unit).await.ok();
    let rev = old.map_or(1, |old| old.rev + 1);
    let prepared = units.prepare(&Spec { rev, ..ready.spec }).await;
    prepared.map_err(|error| Halt::Failed(error.to_string()))?;
    let at = job.world.now();
    let receipt = ready.prompt.as_ref().map(|prompt| Receipt {
        state: Rung::Queued,
        way: prompt.way.to_owned(),
        bytes: prompt.text.len() as u64,
        digest: words::digest(&prompt.text),
        at,
    });
    job.done(Step::Launched, |task| {
        if let Some(attempt) = task.attempts.last_mut() {
            attempt.receipt = receipt;
        }
    })
    .await
}

/// Has the shim start the program. A shim starts the life of an attempt once: one that ran already
/// is left as it is, whoever asks again.
pub(super) async fn start(job: &Job) -> Result<(), Halt> {
    let unit = job.unit()?;
    let units = &job.world.sessions.ports().units;
    let found = units.found(&unit).await.map_err(|error| Halt::Failed(error.to_string()))?;
    if found.claim.as_ref().is_some_and(|claim| claim.incarnation > 0) {
        return Ok(());
    }
    match units.ask(&unit, ShimAsk::Start).await {
        Ok(_) => Ok(()),
        Err(UnitError::Refused { what, .. }) if what.contains("already") => Ok(()),
        Err(error) => Err(Halt::Failed(error.to_string())),
    }
}
