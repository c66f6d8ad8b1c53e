//! Work into its target: one after the other, checked before it is published, with a way back.

use std::{path::PathBuf, sync::Arc};

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
        record::{CrewRecord, Moving, TaskRecord, Tree},
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
        go_on(&world).await;
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

async fn publish(world: &World, ready: &Ready, how: How, dry_run: bool) -> Result<Landed, Refusal> {
    let Ready { task, tree, policy, .. } = ready;
    let Some(target) = tree.target.clone().or_else(|| policy.target.clone()) else {
        return Err(Refusal::new(Code::Invalid, "the repository was on no branch: land it where?")
            .help("set `target` in [tasks] of gaia.toml"));
    };
    let sha = committed(world, ready, &target).await?;
    let fitted = fit(world, ready, (how, sha, &target), dry_run).await?;
    let Some((old, new)) = fitted else {
        return done(world, ready, Landed { target, ..Landed::default() }, dry_run).await;
    };
    check(world, (task, tree, policy), &new).await?;
    let mut landed =
        Landed { target, old: old.to_string(), new: new.to_string(), rollback: String::new() };
    if !dry_run {
        let tag = world.ports.git.tag(&tree.repo, &task.id.to_string(), &old).await;
        landed.rollback = tag.map_err(failed)?;
        let (target, rollback) = (landed.target.clone(), landed.rollback.clone());
        return go(world, ready, Moving { target, old, new, rollback }).await;
    }
    done(world, ready, landed, dry_run).await
}

/// The commit that holds the work, which goes against no rule.
async fn committed(world: &World, ready: &Ready, target: &str) -> Result<port::Sha, Refusal> {
    let Ready { task, tree, fence, .. } = ready;
    let git = &world.ports.git;
    if fence.commit != guard::Commit::None {
        let (text, author) = (message(task), author(world, &tree.repo).await);
        git.commit_all(&tree.repo, &tree.work, &text, &author).await.map_err(failed)?;
    }
    let broken = violations(world, tree, fence).await.map_err(failed)?;
    if !broken.is_empty() && !task.excused {
        let message = format!("it goes against its fence: {}", broken.join("; "));
        return Err(Refusal::new(Code::Denied, message)
            .help("let the agent mend it with `gaia task retry`, or `gaia task discard` it"));
    }
    let state = git.state(&tree.repo, &tree.work, target).await.map_err(failed)?;
    state
        .head
        .ok_or_else(|| Refusal::new(Code::Failed, format!("the branch of {} is gone", task.id)))
}

/// What the target would be with the work in it; `None` if it has it all already.
async fn fit(
    world: &World,
    Ready { task, tree, .. }: &Ready,
    (how, sha, target): (How, port::Sha, &str),
    dry_run: bool,
) -> Result<Option<(port::Sha, port::Sha)>, Refusal> {
    let wanted = Land {
        branch: tree.work.branch.clone().unwrap_or_default(),
        sha,
        target: target.to_owned(),
        expect: None,
        how: match how {
            How::Squash => port::How::Squash,
            How::Merge => port::How::Merge,
            How::Rebase => port::How::Rebase,
        },
        message: message(task),
        author: author(world, &tree.repo).await,
    };
    match world.ports.git.land(&tree.repo, &wanted).await.map_err(failed)? {
        Landing::Landed { old, new } => Ok(Some((old, new))),
        Landing::Nothing { .. } => Ok(None),
        Landing::Stale { .. } => Err(moved(target)),
        Landing::Conflict { files } if dry_run => {
            let names: Vec<String> = files.iter().map(|f| f.path.display().to_string()).collect();
            let message = format!("it conflicts in {}", names.join(", "));
            Err(Refusal::new(Code::Failed, message).help("landing it asks what to do"))
        }
        Landing::Conflict { files } => Err(conflict(world, task, &files).await?),
    }
}

fn moved(target: &str) -> Refusal {
    Refusal::new(Code::Failed, format!("{target} moved meanwhile")).help("land it again")
}

/// Moves the target, looks at it, and says that the work is landed. What is to be done is stored
/// first, so that a daemon that dies in the middle does the same once more.
async fn go(world: &World, ready: &Ready, moving: Moving) -> Result<Landed, Refusal> {
    let (id, stored) = (ready.task.id, moving.clone());
    world.desk.change(id, move |task, _| task.moving = Some(stored)).await?;
    let gone = carry_on(world, ready, moving).await;
    if gone.is_err() {
        world.desk.change(id, |task, _| task.moving = None).await?;
    }
    gone
}

async fn carry_on(world: &World, ready: &Ready, moving: Moving) -> Result<Landed, Refusal> {
    let Moving { target, old, new, rollback } = moving;
    let landed =
        Landed { target: target.clone(), old: old.to_string(), new: new.to_string(), rollback };
    let moved = publish_move(world, ready, &target, (old, new)).await?;
    take_back_if_bad(world, ready, &moved, &landed).await?;
    done(world, ready, landed, false).await
}

/// Landings that a daemon that died was in the middle of.
async fn go_on(world: &World) {
    let view = Arc::clone(&world.view.borrow());
    for task in view.tasks.values() {
        let Some(moving) = task.moving.clone() else { continue };
        let landed = match ready(world, task.id) {
            Ok(ready) => go(world, &ready, moving).await.map(drop),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = landed {
            tracing::warn!(task = %task.id, %refusal, "a landing that was cut off is not finished");
        }
    }
}

/// Moves the target.
async fn publish_move(
    world: &World,
    Ready { task, tree, .. }: &Ready,
    target: &str,
    (old, new): (port::Sha, port::Sha),
) -> Result<Publish, Refusal> {
    let reason = format!("gaia: land {}", task.id);
    let what = Publish { target: target.to_owned(), old, new, reason, agents: agents(world) };
    match world.ports.git.publish(&tree.repo, &what).await.map_err(failed)? {
        Published::Done { .. } => Ok(what),
        Published::Stale { .. } => Err(moved(target)),
        Published::Busy { path, files, why } => {
            let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
            let list = match files.is_empty() {
                true => String::new(),
                false => format!(": {}", files.join(", ")),
            };
            let message = format!("{} is in the way: {}{list}", path.display(), why.trim());
            Err(Refusal::new(Code::Failed, message).help("commit or stash that, and land it again"))
        }
    }
}

/// Looks at the target with the work in it; it is taken back if that is not well.
async fn take_back_if_bad(
    world: &World,
    Ready { task, tree, policy, .. }: &Ready,
    moved: &Publish,
    landed: &Landed,
) -> Result<(), Refusal> {
    let Err(refusal) = verify(world, (task, tree, policy)).await else { return Ok(()) };
    let back = moved.back(format!("gaia: take {} back", task.id));
    let taken = world.ports.git.publish(&tree.repo, &back).await.map_err(failed)?;
    let word = match taken {
        Published::Done { .. } => "it was taken back",
        Published::Stale { .. } | Published::Busy { .. } => "it could not be taken back",
    };
    let help = format!("where {} was is kept as {}", landed.target, landed.rollback);
    Err(Refusal::new(Code::Failed, format!("{}; {word}", refusal.message)).help(help))
}

/// Folders of git of worktrees that agents use.
fn agents(world: &World) -> Vec<PathBuf> {
    let view = world.view.borrow();
    view.tasks.values().filter_map(|task| Some(task.tree.as_ref()?.work.gitdir.clone())).collect()
}

/// The work is part of its target: what it needed goes.
async fn done(
    world: &World,
    Ready { task, tree, .. }: &Ready,
    landed: Landed,
    dry_run: bool,
) -> Result<Landed, Refusal> {
    if dry_run {
        return Ok(landed);
    }
    let (id, of) = (task.id, landed.clone());
    let change = move |task: &mut TaskRecord, decision: &mut Decision| {
        task.state = State::Landed { commit: of.new.clone() };
        (task.landing, task.moving) = (None, None);
        let Landed { target, old, new, rollback } = of;
        decision.fact(&TaskLanded { task: id, target, old, commit: new, rollback });
    };
    world.desk.change(id, change).await?;
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
