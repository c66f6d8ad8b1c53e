//! Work into its target: one after the other, checked before it is published, with a way back.

use std::{path::PathBuf, time::Duration};

use tokio::sync::{mpsc, oneshot};

use super::World;
use crate::{
    agent::{
        fact::{TaskDiscarded, TaskLandRefused, TaskLanded},
        id::TaskId,
        model::{How, Policy, State, Tree},
        record::{CrewRecord, TaskRecord},
    },
    base::{
        Code, Name, Refusal, UnitId,
        unit::{Exit, Fence, Network, OnExit, OnServerExit, Spec, Stop, VERSION},
        wire::Ask as ShimAsk,
    },
    define::Command,
    guard,
    inbox::{Kind, NewItem},
    ledger::Decision,
    port::{self, ChangeKind, GitError, Land, Landing, Publish, Published, Repo, Rescue, Who},
    session::{TaskPane, What},
};

/// A conflict is told with at most so much of its hunks.
const HUNKS: usize = 12 << 10;
/// Longest time of a check.
const CHECK: Duration = Duration::from_secs(60 * 60);
/// Manifests are read up to this size when dependencies are looked at.
const MANIFEST: usize = 1 << 20;

/// What is asked of the queue.
pub(crate) struct LandAsk {
    /// The task.
    pub(crate) id: TaskId,
    /// How, if not as the policy says.
    pub(crate) how: Option<How>,
    /// Only say what would be done.
    pub(crate) dry_run: bool,
    /// Who asked.
    pub(crate) reply: oneshot::Sender<Result<Landed, Refusal>>,
}

/// What landing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Landed {
    /// The branch.
    pub(crate) target: String,
    /// Where it was.
    pub(crate) old: String,
    /// Where it is.
    pub(crate) new: String,
    /// The ref that keeps where it was.
    pub(crate) rollback: String,
}

/// Starts the queue: one landing at a time, in the order they were asked for.
pub(super) fn spawn(world: World, mut asks: mpsc::UnboundedReceiver<LandAsk>) {
    tokio::spawn(async move {
        while let Some(LandAsk { id, how, dry_run, reply }) = asks.recv().await {
            let landed = land(&world, id, how, dry_run).await;
            let _ = reply.send(landed);
        }
    });
}

/// Who commits: the person, as git knows them, or gaia.
pub(super) async fn author(world: &World, repo: &Repo) -> Who {
    let known = world.ports.git.who(repo).await.ok().flatten();
    known.unwrap_or_else(|| Who { name: "gaia".to_owned(), email: "gaia@localhost".to_owned() })
}

/// The message of a task's commit.
pub(super) fn message(task: &TaskRecord) -> String {
    let agent = task.last().map_or("an agent", |attempt| attempt.agent.as_str());
    format!("{}\n\nGaia-Task: {}\nGaia-Agent: {agent}\n", task.wanted.title, task.id)
}

/// What the changes of a tree do against a fence.
pub(super) async fn violations(
    world: &World,
    tree: &Tree,
    fence: &guard::Fence,
) -> Result<Vec<String>, GitError> {
    let changes = world.ports.git.changes(&tree.repo, &tree.work).await?;
    let files = &world.sessions.ports().files;
    let top = tree.repo.top.clone().unwrap_or_default();
    let text = |root: &PathBuf, path: &PathBuf| {
        let read = files.read(&root.join(path), MANIFEST).ok().flatten();
        read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let seen = changes.into_iter().map(|change| {
        let path = change.path.display().to_string();
        let manifest = guard::is_manifest(&path);
        guard::Change {
            before: manifest.then(|| text(&top, &change.path)).flatten(),
            after: manifest.then(|| text(&tree.work.path, &change.path)).flatten(),
            old_path: change.old_path.map(|path| path.display().to_string()),
            kind: kind(change.kind),
            added: change.added,
            removed: change.removed,
            lines_after: Some(change.lines_after),
            binary: change.binary,
            path,
        }
    });
    let seen: Vec<guard::Change> = seen.collect();
    Ok(guard::check(fence, &seen).into_iter().map(|violation| violation.what).collect())
}

fn kind(kind: ChangeKind) -> guard::Kind {
    match kind {
        ChangeKind::Added => guard::Kind::Added,
        ChangeKind::Modified => guard::Kind::Modified,
        ChangeKind::Deleted => guard::Kind::Deleted,
        ChangeKind::Renamed => guard::Kind::Renamed,
        ChangeKind::ModeChanged => guard::Kind::ModeChanged,
        ChangeKind::Symlink { target } => {
            guard::Kind::Symlink { target: target.display().to_string() }
        }
        ChangeKind::Submodule => guard::Kind::Submodule,
    }
}

fn failed(error: GitError) -> Refusal {
    Refusal::new(Code::Failed, error.to_string()).help("mend that, and land it again")
}

/// What landing needs to know of a task.
struct Ready {
    task: TaskRecord,
    tree: Tree,
    policy: Policy,
    fence: guard::Fence,
}

fn ready(world: &World, id: TaskId) -> Result<Ready, Refusal> {
    let task = world.view.borrow().tasks.get(&id).map(|task| (**task).clone());
    let task =
        task.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no task `{id}`")))?;
    if task.state != State::Done {
        let message =
            format!("{id} is {}, and only work that is done can be landed", task.state.word());
        return Err(
            Refusal::new(Code::Invalid, message).help("`gaia task show` tells what it waits for")
        );
    }
    let Some(tree) = task.tree.clone() else {
        return Err(Refusal::new(
            Code::Invalid,
            format!("{id} was done in place: its work is there"),
        )
        .help("only the work of a worktree is landed"));
    };
    let crew = world.ledger().load::<CrewRecord>(task.workspace.as_str())?;
    let crew = crew.ok_or_else(|| Refusal::new(Code::NotFound, "its workspace is gone"))?;
    let agent = task.last().map(|attempt| attempt.agent.clone());
    let agent = crew.agents.iter().find(|a| Some(&a.name) == agent.as_ref());
    let fence = agent.map(|agent| agent.fence.clone()).unwrap_or_default();
    Ok(Ready { task, tree, policy: crew.policy, fence })
}

async fn land(
    world: &World,
    id: TaskId,
    how: Option<How>,
    dry_run: bool,
) -> Result<Landed, Refusal> {
    let found = ready(world, id)?;
    let landed = publish(world, &found, how.unwrap_or(found.policy.land), dry_run).await;
    match landed {
        Ok(landed) => Ok(landed),
        Err(refusal) if dry_run => Err(refusal),
        Err(refusal) => {
            let mut decision = Decision::new();
            decision.fact(&TaskLandRefused { task: id, why: vec![refusal.message.clone()] });
            world.desk.note(decision).await?;
            Err(refusal)
        }
    }
}

async fn publish(
    world: &World,
    Ready { task, tree, policy, fence }: &Ready,
    how: How,
    dry_run: bool,
) -> Result<Landed, Refusal> {
    let git = &world.ports.git;
    let id = task.id;
    let Some(target) = tree.target.clone() else {
        return Err(Refusal::new(Code::Invalid, "the repository was on no branch: land it where?")
            .help("set `target` in [tasks] of gaia.toml"));
    };
    let author = author(world, &tree.repo).await;
    if fence.commit != guard::Commit::None {
        let text = message(task);
        git.commit_all(&tree.repo, &tree.work, &text, &author).await.map_err(failed)?;
    }
    let broken = violations(world, tree, fence).await.map_err(failed)?;
    if !broken.is_empty() && !task.excused {
        return Err(Refusal::new(
            Code::Denied,
            format!("it goes against its fence: {}", broken.join("; ")),
        )
        .help("let the agent mend it with `gaia task retry`, or `gaia task discard` it"));
    }
    let state = git.state(&tree.repo, &tree.work, &target).await.map_err(failed)?;
    let Some(sha) = state.head else {
        return Err(Refusal::new(Code::Failed, format!("the branch of {id} is gone")));
    };
    let wanted = Land {
        branch: tree.work.branch.clone().unwrap_or_default(),
        sha,
        target: target.clone(),
        expect: None,
        how: match how {
            How::Squash => port::How::Squash,
            How::Merge => port::How::Merge,
            How::Rebase => port::How::Rebase,
        },
        message: message(task),
        author,
    };
    let (old, new) = match git.land(&tree.repo, &wanted).await.map_err(failed)? {
        Landing::Landed { old, new } => (old, new),
        Landing::Nothing { old } => {
            return done(world, task, tree, &target, (&old.to_string(), &old.to_string()), dry_run)
                .await;
        }
        Landing::Stale { .. } => {
            return Err(Refusal::new(Code::Failed, format!("{target} moved meanwhile"))
                .help("land it again"));
        }
        Landing::Conflict { files } => return Err(conflict(world, task, &files).await?),
    };
    check(world, (task, tree, policy), &new).await?;
    if dry_run {
        return done(world, task, tree, &target, (&old.to_string(), &new.to_string()), true).await;
    }
    let rollback = git.tag(&tree.repo, &id.to_string(), &old).await.map_err(failed)?;
    let agents = agents(world);
    let move_it = Publish {
        target: target.clone(),
        old: old.clone(),
        new: new.clone(),
        reason: format!("gaia: land {id}"),
        agents,
    };
    match git.publish(&tree.repo, &move_it).await.map_err(failed)? {
        Published::Done { .. } => (),
        Published::Stale { .. } => {
            return Err(Refusal::new(Code::Failed, format!("{target} moved meanwhile"))
                .help("land it again"));
        }
        Published::Busy { path, files, why } => {
            let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
            let message =
                format!("{} has changes of yours: {why} {}", path.display(), files.join(", "));
            return Err(
                Refusal::new(Code::Failed, message).help("commit or stash them, and land it again")
            );
        }
    }
    if let Err(refusal) = verify(world, (task, tree, policy)).await {
        let back = move_it.back(format!("gaia: take {id} back"));
        let taken = git.publish(&tree.repo, &back).await.map_err(failed)?;
        let word = match taken {
            Published::Done { .. } => "it was taken back",
            Published::Stale { .. } | Published::Busy { .. } => "it could not be taken back",
        };
        return Err(Refusal::new(Code::Failed, format!("{}; {word}", refusal.message))
            .help(format!("where {target} was is kept as {rollback}")));
    }
    let mut landed =
        done(world, task, tree, &target, (&old.to_string(), &new.to_string()), false).await?;
    landed.rollback = rollback;
    Ok(landed)
}

/// Folders of git of worktrees that agents use.
fn agents(world: &World) -> Vec<PathBuf> {
    let view = world.view.borrow();
    view.tasks.values().filter_map(|task| Some(task.tree.as_ref()?.work.gitdir.clone())).collect()
}

/// The work is part of its target: what it needed goes.
async fn done(
    world: &World,
    task: &TaskRecord,
    tree: &Tree,
    target: &str,
    (old, new): (&str, &str),
    dry_run: bool,
) -> Result<Landed, Refusal> {
    let id = task.id;
    let rollback = format!("refs/gaia/rollback/{id}");
    let landed = Landed {
        target: target.to_owned(),
        old: old.to_owned(),
        new: new.to_owned(),
        rollback: rollback.clone(),
    };
    if dry_run {
        return Ok(landed);
    }
    let fact = TaskLanded {
        task: id,
        target: target.to_owned(),
        old: old.to_owned(),
        commit: new.to_owned(),
        rollback,
    };
    let commit = new.to_owned();
    world
        .desk
        .change(id, move |task, decision| {
            task.state = State::Landed { commit };
            decision.fact(&fact);
        })
        .await?;
    clear(world, task, tree).await;
    Ok(landed)
}

/// Removes what a task that is over does not need any more. What cannot be removed stays, and is
/// said in the log: the work itself is safe.
pub(crate) async fn clear(world: &World, task: &TaskRecord, tree: &Tree) {
    let units: Vec<UnitId> = task.attempts.iter().filter_map(|a| a.unit.clone()).collect();
    let there = |unit: &UnitId| world.sessions.task_of(unit).is_some();
    let units: Vec<UnitId> = units.into_iter().filter(there).collect();
    if !units.is_empty()
        && let Err(refusal) = world.sessions.close(What::Units(units)).await
    {
        tracing::warn!(task = %task.id, %refusal, "its pane stays");
    }
    let git = &world.ports.git;
    if let Err(error) = git.remove_worktree(&tree.repo, &tree.work, true).await {
        tracing::warn!(task = %task.id, %error, "its worktree stays");
        return;
    }
    let branch = tree.work.branch.clone().unwrap_or_default();
    if let Ok(Some(sha)) = git.resolve(&tree.repo, &format!("refs/heads/{branch}")).await
        && let Err(error) = git.delete_branch(&tree.repo, &branch, &sha).await
    {
        tracing::warn!(task = %task.id, %error, "its branch stays");
    }
    let folder = world.sessions.home().task(&task.id.to_string());
    let files = world.sessions.ports().files.clone();
    let removed = tokio::task::spawn_blocking(move || files.remove_dir(&folder)).await;
    if let Ok(Err(error)) = removed {
        tracing::warn!(task = %task.id, error, "its folder stays");
    }
}

/// Throws the work of a task away; what was nowhere else is kept under a ref.
pub(crate) async fn discard(world: &World, id: TaskId) -> Result<Option<String>, Refusal> {
    let task = world.view.borrow().tasks.get(&id).map(|task| (**task).clone());
    let task =
        task.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no task `{id}`")))?;
    if !task.state.is_over() {
        let message = format!("{id} is {}", task.state.word());
        return Err(
            Refusal::new(Code::Invalid, message).help(format!("`gaia task cancel {id}` first"))
        );
    }
    let mut kept = None;
    if let Some(tree) = &task.tree
        && !matches!(task.state, State::Landed { .. } | State::Discarded { .. })
    {
        let git = &world.ports.git;
        match git.rescue(&tree.repo, Rescue::Work(&tree.work), &id.to_string()).await {
            Ok(rescued) => kept = Some(rescued.refname),
            Err(GitError::Gone(_)) => (),
            Err(error) => {
                return Err(Refusal::new(
                    Code::Failed,
                    format!("nothing was thrown away, because it could not be kept: {error}"),
                )
                .help("mend that, and discard it again"));
            }
        }
    }
    let rescue = kept.clone();
    world
        .desk
        .change(id, move |task, decision| {
            task.state = State::Discarded { rescue: rescue.clone() };
            decision.fact(&TaskDiscarded { task: id, rescue });
        })
        .await?;
    if let Some(tree) = &task.tree {
        clear(world, &task, tree).await;
    }
    Ok(kept)
}

/// A person is shown the hunks; the refusal says where.
async fn conflict(
    world: &World,
    task: &TaskRecord,
    files: &[port::ConflictFile],
) -> Result<Refusal, Refusal> {
    let names: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    let mut body = String::new();
    for file in files {
        body.push_str(&format!("{}\n{}\n", file.path.display(), file.hunks));
    }
    let cut: String = body.chars().take(HUNKS).collect();
    let new = NewItem {
        workspace: Some(task.workspace.clone()),
        task: Some(task.id.to_string()),
        body: format!(
            "{cut}\nAnswer in words what the agent shall do; it goes on with its task then. Or mend \
             it in {} and land it again.",
            task.tree.as_ref().map(|t| t.work.path.display().to_string()).unwrap_or_default()
        ),
        key: Some(format!("conflict.{}.{}", task.id, task.since.0)),
        ..NewItem::new(Kind::Conflict, format!("{} conflicts in {}", task.id, names.join(", ")))
    };
    let item = world.people.raise(new).await?.to_string();
    let (id, why) = (task.id, format!("a conflict in {}", names.join(", ")));
    let message = why.clone();
    let asked = item.clone();
    world
        .desk
        .change(id, move |task, decision| {
            decision.fact(&crate::agent::fact::TaskAsked {
                task: id,
                item: asked.clone(),
                why: why.clone(),
            });
            task.state = State::Asking { item: asked, why };
        })
        .await?;
    Ok(Refusal::new(Code::Failed, message).help(format!(
        "`gaia inbox show {item}` has the hunks; `gaia answer {item} …` tells the agent what to do"
    )))
}

/// Runs the checks on what would be, in a pane that people can look at and inside a fence: it is
/// code that an agent wrote.
async fn check(
    world: &World,
    (task, tree, policy): (&TaskRecord, &Tree, &Policy),
    new: &port::Sha,
) -> Result<(), Refusal> {
    if policy.checks.is_empty() {
        return Ok(());
    }
    let path = policy.worktrees.join(format!("{}-check", task.id));
    let git = &world.ports.git;
    let work = git.candidate(&tree.repo, new, &path).await.map_err(failed)?;
    let mut outcome = Ok(());
    for (number, command) in policy.checks.iter().enumerate() {
        outcome = run(world, task, (command, number), &work.path).await;
        if outcome.is_err() {
            break;
        }
    }
    if let Err(error) = git.remove_worktree(&tree.repo, &work, true).await {
        tracing::warn!(task = %task.id, %error, "the worktree of its checks stays");
    }
    outcome
}

/// Runs the commands that look at the target once the work is part of it.
async fn verify(
    world: &World,
    (task, tree, policy): (&TaskRecord, &Tree, &Policy),
) -> Result<(), Refusal> {
    let top = tree.repo.top.clone().unwrap_or_else(|| task.dir.clone());
    for (number, command) in policy.verify.iter().enumerate() {
        run(world, task, (command, number + policy.checks.len()), &top).await?;
    }
    Ok(())
}

async fn run(
    world: &World,
    task: &TaskRecord,
    (command, number): (&Command, usize),
    dir: &std::path::Path,
) -> Result<(), Refusal> {
    let name = format!("{}.check-{number}-{}", task.id, world.now().0);
    let window = Name::near(&format!("{}-check", task.id), "check");
    let session = world.sessions.session_for(&task.workspace, &task.dir);
    let pane = TaskPane { session, dir: task.dir.clone(), window, task: name, cwd: dir.to_owned() };
    let unit = world.sessions.open_task(&pane).await?;
    let exit = in_pane(world, task, &unit, (command, dir)).await;
    let shown = command.show();
    let outcome = match exit? {
        exit if exit.code == Some(0) => Ok(()),
        exit => {
            let how = match (exit.code, exit.signal) {
                (Some(code), _) => format!("{code}"),
                (None, Some(signal)) => format!("signal {signal}"),
                (None, None) => "an unknown end".to_owned(),
            };
            let last = last_lines(world, &unit, exit.log_end).await;
            let message = format!("the check `{shown}` ended with {how}: {last}");
            Err(Refusal::new(Code::Failed, message)
                .help("let the agent mend it with `gaia task retry`, or mend it yourself"))
        }
    };
    if let Err(refusal) = world.sessions.close(What::Units(vec![unit])).await {
        tracing::warn!(task = %task.id, %refusal, "the pane of a check stays");
    }
    outcome
}

async fn last_lines(world: &World, unit: &UnitId, end: u64) -> String {
    let units = &world.sessions.ports().units;
    let span = units.output(unit, end.saturating_sub(2000), 2000).await.unwrap_or_default();
    let text = crate::base::plain(&String::from_utf8_lossy(&span.bytes));
    let lines: Vec<&str> = text.lines().rev().filter(|l| !l.trim().is_empty()).take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

/// Runs a command in a pane to its end.
async fn in_pane(
    world: &World,
    task: &TaskRecord,
    unit: &UnitId,
    (command, dir): (&Command, &std::path::Path),
) -> Result<Exit, Refusal> {
    let units = &world.sessions.ports().units;
    let mut events = units.events();
    let home = world.sessions.home();
    let temp = home.task(&task.id.to_string()).join("tmp");
    let io = |error: &dyn std::fmt::Display| Refusal::new(Code::Failed, error.to_string());
    world.sessions.ports().files.private_dir(&temp, None).map_err(|e| io(&e))?;
    let mut env = super::spec::passed(&super::job::caller(world, task.id), &[]);
    env.insert("TMPDIR".to_owned(), temp.display().to_string());
    let old = units.spec(unit).await.map_or(0, |spec| spec.rev);
    let spec = Spec {
        v: VERSION,
        id: unit.clone(),
        rev: old + 1,
        held: true,
        argv: crate::define::program(command, "/bin/sh"),
        cwd: dir.to_owned(),
        on_server_exit: OnServerExit::Keep,
        on_exit: OnExit::Keep,
        stop: Stop::default(),
        limits: Default::default(),
        before: vec![],
        pid_file: None,
        user: None,
        supervised: true,
        log: world.sessions.log_rule(),
        hello: Some(home.hello_socket()),
        stdin: None,
        fence: Some(Fence {
            write: vec![dir.to_owned(), temp, PathBuf::from("/dev")],
            deny_read: vec![home.store(), home.units()],
            network: Network::All,
            best_effort: true,
        }),
        env,
    };
    units.prepare(&spec).await.map_err(|e| io(&e))?;
    units.ask(unit, ShimAsk::Start).await.map_err(|e| io(&e))?;
    let wait = async {
        while let Some(event) = events.recv().await {
            match event {
                port::UnitEvent::Exit(exit) if exit.id == *unit => return Some(exit),
                port::UnitEvent::Gone(gone) if gone == *unit => return None,
                _ => (),
            }
        }
        None
    };
    let exit = tokio::time::timeout(CHECK, wait).await;
    let message = match exit {
        Ok(Some(exit)) => return Ok(exit),
        Ok(None) => "the check was lost".to_owned(),
        Err(_) => format!("the check did not end within {} minutes", CHECK.as_secs() / 60),
    };
    Err(Refusal::new(Code::Failed, message).help("land it again"))
}
