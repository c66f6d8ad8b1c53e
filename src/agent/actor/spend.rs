//! What an attempt has used so far, from the file its program keeps, against the budgets of its task.
//!
//! Programs report at their end; one that never ends would never be stopped. What is read here is
//! only looked at: it is booked once, at the end.

use std::time::Duration;

use super::{
    job::{Halt, Job},
    mind::Mind,
    spec,
};
use crate::{
    base::Moment,
    meter::{Amount, Cap, Final, Micros, Reading, Span, Tokens},
};

/// The file is read again no sooner.
const AGAIN: Duration = Duration::from_secs(1);

impl Mind {
    /// Ends an attempt that is beyond a budget of its task.
    pub(super) async fn look_at_use(&mut self, job: &mut Job) -> Result<(), Halt> {
        let now = job.world.now();
        let caps = caps(job);
        if caps.is_empty() || self.ending.is_some() || self.use_at.is_some_and(|at| at > now) {
            return Ok(());
        }
        self.use_at = Some(Moment(now.0 + AGAIN.as_millis() as u64));
        let (tokens, cost) = so_far(job).await?;
        for cap in caps {
            let beyond = match cap.limit {
                Amount::Money(limit) => cost > limit,
                Amount::Tokens(limit) => tokens.total() > limit,
            };
            if beyond {
                let limit = cap.limit;
                let why = format!("the budget of its task, {limit}, is used up");
                self.stop(job, &why).await;
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The budgets of the task that do not begin anew each day.
fn caps(job: &Job) -> Vec<Cap> {
    if job.task.waived {
        return vec![];
    }
    let all = job.task.wanted.budget.iter().chain(&job.agent.budget);
    all.filter(|cap| cap.span == Span::Ever).copied().collect()
}

/// What all attempts at the task have used; the present one as far as its file tells.
async fn so_far(job: &Job) -> Result<(Tokens, Micros), Halt> {
    let earlier = job.task.attempts.iter().filter(|attempt| attempt.ended.is_some());
    let (mut tokens, mut cost) = (Tokens::default(), Micros(0));
    let mut same = Tokens::default();
    for attempt in earlier {
        tokens = tokens.plus(&attempt.tokens);
        cost = cost.plus(attempt.cost.unwrap_or_default());
        if attempt.session == job.attempt().session {
            same = same.plus(&attempt.tokens);
        }
    }
    let Final::Reported(lines) = spec::used(job) else { return Ok((tokens, cost)) };
    for (model, reading) in lines {
        let Reading::Counter { report, .. } = reading else { continue };
        // The file is of the whole conversation, earlier attempts included.
        let own = report.tokens.minus(&same);
        tokens = tokens.plus(&own);
        cost = cost.plus(job.world.desk.price(model, own).await?.unwrap_or_default());
    }
    Ok((tokens, cost))
}
