//! What a person is asked about an attempt that is over.

use super::job::{Halt, Job};
use crate::{
    agent::machine::Question,
    inbox::{Kind, NewItem},
};

/// What an attempt that is over still asked needs no answer any more.
pub(super) async fn withdraw(job: &Job) {
    let view = job.world.people.view();
    let task = job.task.id.to_string();
    let open = view.items.values().filter(|item| item.is_open());
    for item in open.filter(|item| item.task.as_ref() == Some(&task)) {
        let asks = matches!(item.kind, Kind::Question | Kind::Permission | Kind::Delivery);
        if asks
            && let Err(refusal) = job.world.people.withdraw(&item.id, "its agent has ended").await
        {
            tracing::info!(%refusal, "was answered meanwhile");
        }
    }
}

/// Lays it before a person; the item.
pub(super) async fn raise(job: &Job, question: &Question) -> Result<String, Halt> {
    let (id, number) = (job.task.id, job.attempt().number);
    let (kind, title, body) = match question {
        Question::Fence(broken) => (
            Kind::Fence,
            format!("{id} went against its fence"),
            format!(
                "{}\n\nApprove to take the work all the same, deny to fail the task.",
                broken.join("\n")
            ),
        ),
        Question::Missing(files) => (
            Kind::Approval,
            format!("{id} did not deliver all it should"),
            format!(
                "Missing: {}.\n\nApprove to take the work all the same, deny to try again.",
                files.join(", ")
            ),
        ),
        Question::Budget(why) => (
            Kind::Budget,
            format!("{id} has used up its budget"),
            format!("{why}\n\nApprove to go on once, deny to fail the task."),
        ),
        Question::Account(why) => (
            Kind::Approval,
            format!("{id}: the account of {} needs you", job.agent.driver),
            format!(
                "{why}\n\nLog in or pay the bill, then approve to try again; deny to fail the task."
            ),
        ),
    };
    let new = NewItem {
        workspace: Some(job.task.workspace.clone()),
        agent: Some(job.agent.name.to_string()),
        task: Some(id.to_string()),
        body,
        key: Some(format!("end.{id}.{number}")),
        ..NewItem::new(kind, title)
    };
    Ok(job.world.people.raise(new).await?.to_string())
}
