//! Work for an agent: a task, known by the name of the attempt.

use serde_json::{Map, Value};

use super::{Job, JobNews, env};
use crate::{
    agent::{Hand, Outcome},
    workflow::{
        machine::AgentAsk,
        model::Place,
        output,
        run::{Class, End},
    },
};

pub(super) async fn run(mut job: Job, ask: AgentAsk) {
    let agents = job.world.agents.clone();
    let wants = ask.outputs.clone();
    let task = match agents.hand(hand(&job, ask)).await {
        Ok(task) => task,
        Err(refusal) => {
            let why =
                refusal.help.iter().fold(refusal.message.clone(), |m, h| format!("{m} ({h})"));
            return job.ended(End::bad(Class::Failed, why));
        }
    };
    job.linked(&task);
    // After a restart it may have been asked again, or be about to.
    let mut asks = job.asks;
    let mut words = job.why.clone();
    loop {
        if asks > 0
            && let Err(refusal) =
                agents.ask_again(&task, &again(&words, wants.as_deref()), asks).await
        {
            return job.ended(End::bad(Class::OutputInvalid, refusal.to_string()));
        }
        let outcome = tokio::select! {
            outcome = agents.outcome(&task) => outcome,
            () = job.stopped() => {
                if let Err(refusal) = agents.give_up(&task).await {
                    tracing::warn!(%task, %refusal, "a task of a run cannot be given up");
                }
                let mut end = agents.outcome(&task).await.map_or_else(
                    |refusal| End::bad(Class::Cancelled, refusal.to_string()),
                    |outcome| end_of(&job, outcome).0,
                );
                if end.result.is_ok() {
                    end.result = Err((Class::Cancelled, "it was stopped".to_owned()));
                }
                return job.ended(end);
            }
        };
        let (end, fault) = match outcome {
            Ok(outcome) => end_of(&job, outcome),
            Err(refusal) => (End::bad(Class::Failed, refusal.to_string()), String::new()),
        };
        job.ended(end);
        match job.news.recv().await {
            Some(JobNews::AskAgain) => (asks, words) = (asks + 1, fault),
            Some(JobNews::Stop) | None => return,
        }
    }
}

/// What the agent is told about outputs that do not fit.
fn again(error: &str, wanted: Option<&str>) -> String {
    let wanted = wanted.unwrap_or_default();
    format!(
        "The outputs you gave do not fit: {error}\n\nDo no more work; give them again.\n\n{wanted}"
    )
}

fn hand(job: &Job, ask: AgentAsk) -> Hand {
    let mut prompt = ask.prompt;
    let tokens = ask.expert_tokens as usize;
    if tokens > 0 {
        let brief = job.world.experts.brief(&job.record.dir, &ask.experts, &ask.files, tokens);
        if !brief.text.is_empty() {
            prompt = format!("{}\n\n{prompt}", brief.text.trim_end());
        }
    }
    if let Some(outputs) = &ask.outputs {
        prompt = format!("{prompt}\n\n{outputs}");
    }
    let title = format!("{}: {}", job.record.workflow, job.path);
    Hand {
        dir: job.record.dir.clone(),
        env: env::caller(job),
        who: ask.agent,
        prompt,
        title,
        files: ask.files,
        deliverables: ask.deliverables,
        budget: ask.budget,
        mode: ask.mode,
        in_place: ask.place.map(|place| place == Place::InPlace),
        after: ask.from,
        key: job.name(),
        timeout_ms: job.step.timeout_ms,
        priority: job.record.priority + job.step.priority,
        extra_env: [
            ("GAIA_RUN", job.record.id.to_string()),
            ("GAIA_STEP_PATH", job.path.clone()),
            ("GAIA_IDEMPOTENCY_KEY", job.idempotency_key()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into(),
    }
}

/// What the end of a task means, and what is wrong with its outputs.
fn end_of(job: &Job, outcome: Outcome) -> (End, String) {
    let text = outcome.text.unwrap_or_default();
    let read = output::of_agent(&job.step.outputs, outcome.output.as_deref(), &text);
    let (mut output, fault) = match read {
        Ok(output) => (output, String::new()),
        Err(fault) => (Map::new(), fault),
    };
    output.insert("text".to_owned(), Value::String(text));
    if let Some(branch) = outcome.branch {
        output.insert("branch".to_owned(), Value::String(branch));
    }
    let result = if outcome.good {
        Ok(())
    } else {
        Err((Class::Failed, outcome.why.unwrap_or_else(|| "it did not work".to_owned())))
    };
    let end = End { result, output, cost: outcome.cost, tokens: outcome.tokens };
    let missing: Vec<String> = job
        .step
        .outputs
        .keys()
        .filter(|name| !end.output.contains_key(*name))
        .map(|name| format!("`{name}` is missing"))
        .collect();
    let fault = if fault.is_empty() { missing.join("; ") } else { fault };
    (end, fault)
}
