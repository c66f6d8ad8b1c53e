//! What work is held against before it is landed: its fence, and commands.

use std::{path::PathBuf, time::Duration};

use super::{World, land::failed};
use crate::{
    agent::{
        model::Policy,
        record::{TaskRecord, Tree},
    },
    base::{
        Code, Name, Refusal, UnitId,
        unit::{Exit, Fence, Network, OnExit, OnServerExit, Spec, Stop, VERSION},
        wire::Ask as ShimAsk,
    },
    define::Command,
    guard,
    port::{self, ChangeKind, GitError},
    session::{TaskPane, What},
};

/// Longest time of a check.
const CHECK: Duration = Duration::from_secs(60 * 60);
/// Manifests are read up to this size when dependencies are looked at.
const MANIFEST: usize = 1 << 20;

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

/// Runs the checks on what would be, in a pane that people can look at and inside a fence: it is
/// code that an agent wrote.
pub(super) async fn check(
    world: &World,
    (task, tree, policy): (&TaskRecord, &Tree, &Policy),
    new: &port::Sha,
) -> Result<(), Refusal> {
    if policy.checks.is_empty() {
        return Ok(());
    }
    let path = policy.worktrees.join(format!("{}-check", task.id));
    let git = &world.ports.git;
    clear_checks(world, task.id).await;
    take_away(world, tree, (&path, new)).await.map_err(failed)?;
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
pub(super) async fn verify(
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
    let outcome = match exit {
        Err(refusal) => Err(refusal),
        Ok(exit) if exit.code == Some(0) => Ok(()),
        Ok(exit) => {
            let how = match (exit.code, exit.signal) {
                (Some(code), _) => format!("{code}"),
                (None, Some(signal)) => format!("signal {signal}"),
                (None, None) => "an unknown end".to_owned(),
            };
            let last = last_lines(world, &unit, exit.log_end).await;
            let said = if last.is_empty() { String::new() } else { format!(": {last}") };
            let message = format!("`{shown}` ended with {how}{said}");
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
            deny_read: home.private(),
            network: Network::All,
            cover: home.covered(),
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

/// Removes the worktree of checks that a daemon before this one did not bring to their end.
async fn take_away(
    world: &World,
    tree: &Tree,
    (path, new): (&std::path::Path, &port::Sha),
) -> Result<(), GitError> {
    let git = &world.ports.git;
    let is = |place: &port::Worktree| {
        place.branch.is_none()
            && place.locked.is_some()
            && place.path.file_name() == path.file_name()
            && place.path.parent().and_then(|p| p.file_name())
                == path.parent().and_then(|p| p.file_name())
    };
    let Some(left) = git.worktrees(&tree.repo).await?.into_iter().find(is) else { return Ok(()) };
    let work = port::Work {
        path: left.path,
        gitdir: left.gitdir,
        branch: None,
        base: new.clone(),
        exclude: vec![],
    };
    git.remove_worktree(&tree.repo, &work, true).await
}

/// Closes the panes of checks that nobody waits for any more.
pub(super) async fn clear_checks(world: &World, id: crate::agent::id::TaskId) {
    let prefix = format!("{id}.check-");
    let view = world.sessions.view();
    let of = |pane: &crate::session::PaneView| {
        pane.task.as_ref().is_some_and(|task| task.starts_with(&prefix))
    };
    let panes = view.panes().filter(|(_, pane)| of(pane));
    let units: Vec<UnitId> = panes.filter_map(|(_, pane)| pane.id.clone()).collect();
    if !units.is_empty()
        && let Err(refusal) = world.sessions.close(What::Units(units)).await
    {
        tracing::warn!(task = %id, %refusal, "panes of checks stay");
    }
}
