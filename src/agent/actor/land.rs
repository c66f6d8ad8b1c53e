//! Work into its target: one after the other, checked before it is published, with a way back.

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};

use super::{
    World,
    answers::is_good,
    check::{check, verify, violations},
    clear::clear,
};
use crate::{
    agent::{
        fact::{TaskLandRefused, TaskLanded},
        id::TaskId,
        model::{How, Policy, State},
        record::{CrewRecord, TaskRecord, Tree},
    },
    base::{Code, Refusal},
    guard,
    inbox::{Kind, NewItem},
    ledger::Decision,
    port::{self, GitError, Land, Landing, Publish, Published, Repo, Who},
};

/// A conflict is told with at most so much of its hunks.
const HUNKS: usize = 12 << 10;

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

pub(super) fn failed(error: GitError) -> Refusal {
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
    let conflicts = matches!(task.state, State::Asking { .. }) && is_good(&task);
    if task.state != State::Done && !conflicts {
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
    let at = world.now();
    world.desk.change(id, move |task, _| task.landing = Some(at)).await?;
    let landed = publish(world, &found, how.unwrap_or(found.policy.land), dry_run).await;
    world.desk.change(id, |task, _| task.landing = None).await?;
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
    let Some(target) = tree.target.clone().or_else(|| policy.target.clone()) else {
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
            let same = (old.to_string(), old.to_string());
            let landed = done(world, task, tree, &target, (&same.0, &same.1), dry_run).await?;
            return Ok(Landed { rollback: String::new(), ..landed });
        }
        Landing::Stale { .. } => {
            return Err(Refusal::new(Code::Failed, format!("{target} moved meanwhile"))
                .help("land it again"));
        }
        Landing::Conflict { files } if dry_run => {
            let names: Vec<String> = files.iter().map(|f| f.path.display().to_string()).collect();
            let message = format!("it conflicts in {}", names.join(", "));
            return Err(Refusal::new(Code::Failed, message).help("landing it asks what to do"));
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
            task.landing = None;
            decision.fact(&fact);
        })
        .await?;
    if let State::Asking { item, .. } = &task.state
        && let Ok(item) = item.parse()
        && let Err(refusal) = world.people.withdraw(&item, "its work was landed").await
    {
        tracing::info!(%refusal, "was answered meanwhile");
    }
    clear(world, task, tree).await;
    Ok(landed)
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
