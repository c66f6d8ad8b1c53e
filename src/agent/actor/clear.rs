//! What a task that is over leaves behind: nothing but what a person may want back.

use super::World;
use crate::{
    agent::{
        fact::TaskDiscarded,
        id::TaskId,
        model::State,
        record::{TaskRecord, Tree},
    },
    base::{Code, Refusal, UnitId},
    port::{GitError, Rescue},
    session::What,
};

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
    super::check::clear_checks(world, task.id).await;
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
    let (home, id) = (world.sessions.home(), task.id.to_string());
    let (folder, guards) = (home.task(&id), home.guards(&id));
    let files = world.sessions.ports().files.clone();
    let remove = move || files.remove_dir(&guards).and_then(|()| files.remove_dir(&folder));
    let removed = tokio::task::spawn_blocking(remove).await;
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
    if matches!(task.state, State::Landed { .. } | State::Discarded { .. })
        || task.landing.is_some()
    {
        let message = match task.landing {
            Some(_) => format!("{id} is being landed"),
            None => format!("{id} is {}: there is nothing to discard", task.state.word()),
        };
        return Err(
            Refusal::new(Code::Invalid, message).help("`gaia task list` shows what is left")
        );
    }
    let mut kept = None;
    if let Some(tree) = &task.tree {
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
