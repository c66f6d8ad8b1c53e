//! What people decide about tasks that wait for them.

use super::World;
use crate::{
    agent::{
        fact::{TaskDone, TaskFailed},
        id::TaskId,
        model::{GoOn, State},
        record::TaskRecord,
    },
    base::ItemId,
    inbox::{Item, Kind},
    ledger::Decision,
};

/// Carries out what people decide, as long as the daemon lives.
pub(super) async fn follow(world: World) {
    let mut changes = world.people.changes();
    let mut tasks = world.view.clone();
    loop {
        for (id, item) in waiting(&world) {
            let Ok(name) = item.parse::<ItemId>() else { continue };
            let found = world.people.view().items.get(&name).cloned();
            match found {
                Some(item) if item.is_open() => (),
                Some(item) => carry_out(&world, id, &item).await,
                // Closed so long ago that it is not kept.
                None => give_up(&world, id).await,
            }
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            changed = tasks.changed() => if changed.is_err() { return },
        }
    }
}

fn waiting(world: &World) -> Vec<(TaskId, String)> {
    let view = world.view.borrow();
    let asking = view.tasks.values().filter_map(|task| match &task.state {
        State::Asking { item, .. } => Some((task.id, item.clone())),
        _ => None,
    });
    asking.collect()
}

async fn carry_out(world: &World, id: TaskId, item: &Item) {
    let answer = item.answer().cloned();
    let allow = answer.as_ref().and_then(|answer| answer.allow);
    let text = answer.as_ref().and_then(|answer| answer.text.clone());
    let (kind, name) = (item.kind, item.id.to_string());
    let decide = move |task: &mut TaskRecord, decision: &mut Decision| {
        // Somebody may have decided otherwise meanwhile.
        if !matches!(&task.state, State::Asking { item, .. } if *item == name) {
            return;
        }
        let resume = task.last().map(|attempt| attempt.session.clone());
        match (allow, text, kind) {
            (None, Some(prompt), _) => again(task, decision, resume, Some(prompt)),
            (Some(true), _, Kind::Fence | Kind::Delivery) => done(task, decision),
            (Some(false), _, Kind::Delivery) => again(task, decision, None, None),
            (Some(true), _, Kind::Approval) if is_good(task) => done(task, decision),
            (Some(true), _, Kind::Budget) => {
                // A person's word stands for the budget: the task has none of its own any more.
                task.waived = true;
                again(task, decision, resume, None);
            }
            (Some(true), ..) => again(task, decision, None, None),
            (Some(false), _, Kind::Approval) if is_good(task) => {
                again(task, decision, resume, None);
            }
            (Some(false) | None, None, _) | (Some(false), Some(_), _) => {
                let why = "a person said no".to_owned();
                decision.fact(&TaskFailed { task: task.id, why: why.clone() });
                task.state = State::Failed { why };
            }
        }
    };
    if let Err(refusal) = world.desk.change(id, decide).await {
        tracing::error!(task = %id, %refusal, "what a person decided is not carried out");
    }
}

/// Whether its last attempt ended well, so that there is work to take.
pub(super) fn is_good(task: &TaskRecord) -> bool {
    task.last().is_some_and(|attempt| attempt.class == Some(crate::agent::driver::Class::Done))
}

fn done(task: &mut TaskRecord, decision: &mut Decision) {
    task.state = State::Done;
    task.excused = true;
    decision.fact(&TaskDone { task: task.id, attempts: task.attempts.len() as u32 });
}

fn again(
    task: &mut TaskRecord,
    decision: &mut Decision,
    resume: Option<String>,
    prompt: Option<String>,
) {
    task.queue_again(GoOn { resume, prompt, counts: true }, "a person answered", decision);
}

async fn give_up(world: &World, id: TaskId) {
    let fail = |task: &mut TaskRecord, decision: &mut Decision| {
        let why = "nobody answered".to_owned();
        decision.fact(&TaskFailed { task: task.id, why: why.clone() });
        task.state = State::Failed { why };
    };
    if let Err(refusal) = world.desk.change(id, fail).await {
        tracing::error!(task = %id, %refusal, "cannot be given up");
    }
}
