//! What a program says of itself: on its output where it has no face, through its hooks.

use super::{
    book::Used,
    finish, hand,
    job::{Halt, Job},
    mind::Mind,
    receipt, spec,
};
use crate::{
    agent::{
        driver::{Class, Sign as Told, hook::HookEvent},
        evidence::{self, Hook, Sign, Standing},
    },
    base::Moment,
    meter::{Key, Micros, Reading, Usage, Verdict},
};

impl Mind {
    /// A headless program says something.
    pub(super) async fn told(&mut self, job: &mut Job, told: Told) -> Result<(), Halt> {
        let now = job.world.now();
        receipt::accepted(job).await?;
        let hook = match told {
            Told::Session(session) => {
                if job.attempt().session != session {
                    job.note(|attempt| attempt.session = session).await?;
                }
                Hook::Started
            }
            Told::Retrying { .. } => {
                let standing = Standing {
                    state: evidence::State::Retrying,
                    since: now,
                    source: evidence::Source::Hook,
                    rule: "output retry".to_owned(),
                    evidence: "it tries again by itself".to_owned(),
                };
                return self.tell(job, Some(standing)).await;
            }
            Told::Limited { until } => {
                Hook::Limited { until: until.map(|seconds| Moment(seconds * 1000).show()) }
            }
            Told::StopNow { why, .. } => {
                self.stop(job, &why).await;
                return Ok(());
            }
            Told::Spent { tokens, cost_micros } => {
                return self.spent(job, tokens, cost_micros).await;
            }
            Told::Denied(what) => {
                job.note(|attempt| attempt.denials.push(what)).await?;
                Hook::Tool
            }
            Told::Text(_) => Hook::Tool,
        };
        if self.asks() {
            return Ok(());
        }
        // A headless program that has begun works until it ends.
        let hook = if hook == Hook::Started { Hook::Prompt } else { hook };
        let change = self.watch.take(Sign::Hook(hook, String::new()), now);
        self.tell(job, change.map(|change| change.now)).await
    }

    /// It has used so much so far: one that is beyond its budget is ended.
    async fn spent(
        &mut self,
        job: &mut Job,
        tokens: crate::agent::driver::Tokens,
        cost_micros: Option<u64>,
    ) -> Result<(), Halt> {
        let key = Key { task: job.task.id.to_string(), attempt: job.attempt().number };
        let model = job.agent.model.clone().unwrap_or_else(|| job.agent.driver.clone());
        let usage = Usage { tokens: tokens.into(), cost: cost_micros.map(Micros) };
        // What counts the whole conversation is booked at its end.
        if job.attempt().resume.is_some() {
            return Ok(());
        }
        let used = Used { key, model, reading: Reading::Total(usage) };
        let verdict = job.world.desk.used(used).await?;
        if matches!(verdict, Verdict::Stop { .. }) {
            self.stop(job, &format!("its budget is used up: {}", verdict.show())).await;
        }
        Ok(())
    }

    /// Its program says something through a hook.
    pub(super) async fn hook(&mut self, job: &mut Job, event: HookEvent) -> Result<(), Halt> {
        let now = job.world.now();
        self.look_at_use(job).await?;
        let (hook, said) = match event {
            HookEvent::Started { session } => {
                if let Some(session) = session.filter(|s| *s != job.attempt().session) {
                    job.note(|attempt| attempt.session = session).await?;
                }
                (Hook::Started, String::new())
            }
            HookEvent::Prompt { .. } => {
                if let Some(hand) = &mut self.hand {
                    hand.confirmed();
                }
                receipt::accepted(job).await?;
                (Hook::Prompt, String::new())
            }
            HookEvent::ToolBefore { tool, .. } | HookEvent::ToolAfter { tool } => {
                (Hook::Tool, tool)
            }
            HookEvent::Permission { tool, what, .. } => {
                (Hook::Permission, format!("{tool}: {what}"))
            }
            HookEvent::TurnEnded { text } => {
                let said = text.clone().unwrap_or_default();
                if !spec::is_headless(job) {
                    let change = self.watch.take(Sign::Hook(Hook::Idle, said), now);
                    self.tell(job, change.map(|change| change.now)).await?;
                    return finish::turn_ended(self, job, text).await;
                }
                return Ok(());
            }
            HookEvent::Failed { class, text } => {
                let change = self.watch.take(Sign::Hook(Hook::Failed, text.clone()), now);
                self.tell(job, change.map(|change| change.now)).await?;
                if spec::is_headless(job) {
                    return Ok(());
                }
                return finish::turn_failed(job, failure(&class), (text, None)).await;
            }
            HookEvent::Notice { .. } | HookEvent::Ended | HookEvent::Other => return Ok(()),
        };
        let change = self.watch.take(Sign::Hook(hook, said), now);
        self.tell(job, change.map(|change| change.now)).await?;
        hand::go_on(self, job).await
    }
}

/// The class of a turn that failed, in the words of its make (Claude Code's StopFailure).
fn failure(word: &str) -> Class {
    match word {
        word if word.contains("rate_limit") => Class::Limited,
        word if word.contains("authentication") => Class::Auth,
        word if word.contains("billing") => Class::Quota,
        word if word.contains("server") || word.contains("overload") => Class::Transient,
        _ => Class::Failed,
    }
}
