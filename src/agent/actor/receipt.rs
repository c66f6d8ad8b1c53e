//! What became of the prompt of an attempt: a ladder that is only climbed.

use super::job::{Halt, Job};
use crate::agent::{delivery::Receipt as Rung, fact::TaskDelivered, model::Step};

/// Its program runs with the prompt it was given.
pub(super) async fn submitted(job: &mut Job) -> Result<(), Halt> {
    raise(job, Rung::Submitted, |way| way == "start").await
}

/// It shows that it has its prompt.
pub(super) async fn accepted(job: &mut Job) -> Result<(), Halt> {
    raise(job, Rung::Accepted, |way| way == "start").await
}

/// How far a receipt is on its ladder; what is over is the last rung.
fn height(rung: &Rung) -> u8 {
    match rung {
        Rung::Queued => 0,
        Rung::Typed => 1,
        Rung::Submitted => 2,
        Rung::Accepted | Rung::Refused(_) | Rung::Unknown(_) => 3,
    }
}

/// Raises the receipt of the prompt; it never falls.
pub(super) async fn raise(
    job: &mut Job,
    state: Rung,
    of: impl Fn(&str) -> bool,
) -> Result<(), Halt> {
    let now = job.world.now();
    let receipt = job.attempt().receipt.as_ref();
    if !receipt.is_some_and(|r| height(&r.state) < height(&state) && of(&r.way)) {
        return Ok(());
    }
    job.change(move |task, decision| {
        let id = task.id;
        let Some(attempt) = task.attempts.last_mut() else { return };
        if state == Rung::Accepted {
            attempt.step = Step::Delivered;
        }
        if let Some(receipt) = &mut attempt.receipt {
            (receipt.state, receipt.at) = (state.clone(), now);
            decision.fact(&TaskDelivered {
                task: id,
                attempt: attempt.number,
                state,
                bytes: receipt.bytes,
                digest: receipt.digest.clone(),
            });
        }
    })
    .await
}
