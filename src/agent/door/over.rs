//! What came of a task: waited for, asked for again, given up, landed.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use crate::{
    agent::{
        actor::{Handle, News, output},
        driver::Class,
        fact::TaskCancelled,
        id::TaskId,
        model::{How, Place, State, Step},
        record::TaskRecord,
        view::View,
    },
    base::{Code, Refusal, UnitId},
    meter::{Micros, Tokens},
    session::What,
};

/// Longest wait for the end of a program that was told to end: its own grace time ends it before.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a task.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Whether the work is done.
    pub(crate) good: bool,
    /// The commit it was landed as; empty if that changed nothing.
    pub(crate) landed: Option<String>,
    /// Why it is not done.
    pub(crate) why: Option<String>,
    /// How its last attempt ended, in a word.
    pub(crate) class: Option<String>,
    /// Last words of the agent.
    pub(crate) text: Option<String>,
    /// What all attempts cost, where that is known.
    pub(crate) cost: Option<Micros>,
    /// What all attempts used.
    pub(crate) tokens: Tokens,
    /// How many there were.
    pub(crate) attempts: u32,
    /// Whether a limit of its make, its account or its budget stood in the way.
    pub(crate) limit: bool,
    /// The result that its last attempt has left.
    pub(crate) output: Option<Vec<u8>>,
    /// Its branch.
    pub(crate) branch: Option<String>,
    /// Where it was done.
    pub(crate) cwd: PathBuf,
}

/// Where the work of a task is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LandedWork {
    /// The commit; none if nothing was to be landed.
    pub(crate) commit: Option<String>,
    /// The branch.
    pub(crate) target: Option<String>,
}

impl Outcome {
    fn of(task: &TaskRecord, output: Option<Vec<u8>>) -> Self {
        let last = task.last();
        let class = last.and_then(|attempt| attempt.class);
        let attempts = task.attempts.iter();
        let why = match &task.state {
            State::Failed { why } | State::Queued { why, .. } | State::Asking { why, .. } => {
                Some(why.clone())
            }
            State::Cancelled => Some("it was cancelled".to_owned()),
            State::Discarded { .. } => Some("its work was discarded".to_owned()),
            State::Running | State::Done | State::Landed { .. } => None,
        };
        Self {
            good: task.state.is_good(),
            landed: match &task.state {
                State::Landed { commit } => Some(commit.clone()),
                _ => None,
            },
            why,
            class: class.map(|class| class.word().to_owned()),
            text: task.attempts.iter().rev().find_map(|attempt| attempt.text.clone()),
            cost: attempts.clone().filter_map(|attempt| attempt.cost).reduce(Micros::plus),
            tokens: attempts.fold(Tokens::default(), |sum, one| sum.plus(&one.tokens)),
            attempts: task.attempts.len() as u32,
            limit: matches!(class, Some(Class::Limited | Class::Quota | Class::Budget)),
            output,
            branch: task.tree.as_ref().and_then(|tree| tree.work.branch.clone()),
            cwd: task.cwd(),
        }
    }
}

/// A task by its word.
pub(super) fn task_id(word: &str) -> Result<TaskId, Refusal> {
    word.parse()
        .map_err(|what| Refusal::new(Code::Invalid, what).help("`gaia task list` shows the tasks"))
}

fn is_over(view: &View, id: TaskId) -> bool {
    view.tasks.get(&id).is_none_or(|task| task.state.is_over())
}

impl Handle {
    /// Waits until a task is over, however long that takes; what came of it.
    pub(crate) async fn outcome(&self, task: &str) -> Result<Outcome, Refusal> {
        let id = task_id(task)?;
        self.task(id)?;
        let mut changes = self.changes();
        let seen = changes.wait_for(|view| is_over(view, id)).await.map(|view| Arc::clone(&view));
        seen.map_err(|_| Refusal::broken("the agent actor has ended"))?;
        Ok(Outcome::of(&self.task(id)?, output::of(self.world(), id)))
    }

    /// Has the agent of a task that is over go on with these words, in the same session: in its
    /// screen if it still sits there. The same mark asks once; marks are counted upwards.
    pub(crate) async fn ask_again(
        &self,
        task: &str,
        words: &str,
        mark: u32,
    ) -> Result<(), Refusal> {
        let id = task_id(task)?;
        let task = self.task(id)?;
        if task.was_asked(mark) {
            return Ok(());
        }
        can_be_asked(&task)?;
        if task.state == State::Done && self.sits(&task).is_some() {
            let (reply, answer) = oneshot::channel();
            self.tell(id, News::Send(words.to_owned(), Some(mark), reply));
            if let Ok(Ok(_)) = answer.await {
                return Ok(());
            }
            // It ended meanwhile, or takes no text: a new program goes on with its session.
        }
        let words = words.to_owned();
        let asked = self.world().desk.change(id, move |task, decision| {
            if can_be_asked(task).is_ok() {
                task.ask_again(&words, mark, decision);
            }
        });
        match asked.await? {
            task if task.was_asked(mark) => Ok(()),
            task => can_be_asked(&task),
        }
    }

    /// Gives a task up. One that is over stays as it is; its program has ended in any case.
    pub(crate) async fn give_up(&self, task: &str) -> Result<(), Refusal> {
        let id = task_id(task)?;
        loop {
            let task = self.task(id)?;
            if task.state.is_over() {
                return self.clear_screen(&task).await;
            }
            if is_under_way(&task) {
                self.tell(id, News::Cancel);
                let rests = |view: &View| view.tasks.get(&id).is_none_or(|t| !is_under_way(t));
                if !rests(&*self.until(PATIENCE, rests).await) {
                    let message = format!("the program of {id} does not end");
                    return Err(Refusal::new(Code::Failed, message)
                        .help(format!("look at it with `gaia agent attach {id}`")));
                }
            } else {
                self.cancel_waiting(id, &task.state).await?;
            }
        }
    }

    /// Cancels a task of which nothing runs.
    async fn cancel_waiting(&self, id: TaskId, state: &State) -> Result<(), Refusal> {
        let cancel = move |task: &mut TaskRecord, decision: &mut crate::ledger::Decision| {
            // It may have begun meanwhile.
            if !task.state.is_over() && !is_under_way(task) {
                task.state = State::Cancelled;
                decision.fact(&TaskCancelled { task: id });
            }
        };
        self.world().desk.change(id, cancel).await?;
        if let State::Asking { item, .. } = state
            && let Ok(item) = item.parse()
        {
            let _ = self.world().people.withdraw(&item, "its task was cancelled").await;
        }
        Ok(())
    }

    /// The pane in which the agent of a task still sits, though its work is over.
    fn sits(&self, task: &TaskRecord) -> Option<UnitId> {
        let last = task.last().filter(|attempt| attempt.step != Step::Ended)?;
        last.unit.clone().filter(|unit| self.world().sessions.task_of(unit).is_some())
    }

    async fn clear_screen(&self, task: &TaskRecord) -> Result<(), Refusal> {
        match self.sits(task) {
            Some(unit) => self.world().sessions.close(What::Units(vec![unit])).await,
            None => Ok(()),
        }
    }

    /// Makes the work of a task part of its target, if there is any and it is not yet.
    pub(crate) async fn land_work(
        &self,
        task: &str,
        how: Option<&str>,
    ) -> Result<LandedWork, Refusal> {
        let id = task_id(task)?;
        let how = how.map(how_of).transpose()?;
        let task = self.task(id)?;
        if let Some(landed) = landed(&task) {
            return Ok(landed);
        }
        // The rules of today hold, not those of the day it was asked for.
        self.crew(&task.dir, &Default::default()).await?;
        match self.land(id, how, false).await {
            Ok(done) => Ok(LandedWork { commit: commit(done.new), target: Some(done.target) }),
            // A daemon that came back may have finished it before.
            Err(refusal) => landed(&self.task(id)?).ok_or(refusal),
        }
    }
}

/// Whether a program of it runs, or is about to.
fn is_under_way(task: &TaskRecord) -> bool {
    match &task.state {
        State::Running => true,
        State::Asking { .. } => task.live().is_some(),
        State::Queued { .. }
        | State::Done
        | State::Failed { .. }
        | State::Cancelled
        | State::Landed { .. }
        | State::Discarded { .. } => false,
    }
}

/// Refuses a task that goes on, and one whose place is gone.
fn can_be_asked(task: &TaskRecord) -> Result<(), Refusal> {
    let (id, word) = (task.id, task.state.word());
    match &task.state {
        _ if task.landing.is_some() => {
            Err(Refusal::new(Code::Failed, format!("{id} is being landed"))
                .help("ask again when that is done"))
        }
        State::Done | State::Failed { .. } | State::Cancelled => Ok(()),
        State::Queued { .. } | State::Running | State::Asking { .. } => {
            Err(Refusal::new(Code::Invalid, format!("{id} is {word}"))
                .help("wait until it is over"))
        }
        State::Landed { .. } | State::Discarded { .. } => {
            Err(Refusal::new(Code::Invalid, format!("{id} is {word}: its worktree is gone"))
                .help("hand over another task"))
        }
    }
}

/// Where the work is, if nothing has to be landed.
fn landed(task: &TaskRecord) -> Option<LandedWork> {
    let target = || task.tree.as_ref().and_then(|tree| tree.target.clone());
    match &task.state {
        State::Landed { commit: sha } => {
            Some(LandedWork { commit: commit(sha.clone()), target: target() })
        }
        State::Done if task.wanted.place == Place::InPlace => Some(LandedWork::default()),
        State::Done
        | State::Queued { .. }
        | State::Running
        | State::Asking { .. }
        | State::Failed { .. }
        | State::Cancelled
        | State::Discarded { .. } => None,
    }
}

/// Landing what changes nothing makes no commit.
fn commit(sha: String) -> Option<String> {
    Some(sha).filter(|sha| !sha.is_empty())
}

fn how_of(word: &str) -> Result<How, Refusal> {
    match word {
        "squash" => Ok(How::Squash),
        "merge" => Ok(How::Merge),
        "rebase" => Ok(How::Rebase),
        _ => Err(Refusal::new(Code::Invalid, format!("work cannot be landed by `{word}`"))
            .help("one of squash, merge, rebase")),
    }
}
