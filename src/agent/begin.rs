//! What is asked for when a task is added, and the attempt that begins with it.

use std::{collections::BTreeMap, path::PathBuf};

use super::{
    evidence::{Source, Standing, State as Activity},
    id::TaskId,
    model::{Agent, Attempt, State, Step, Wanted},
    record::TaskRecord,
};
use crate::{
    base::{Moment, Name},
    meter::Tokens,
};

/// A task to be added.
#[derive(Debug, Clone)]
pub(crate) struct New {
    /// Its workspace.
    pub(crate) workspace: Name,
    /// Folder of the workspace.
    pub(crate) dir: PathBuf,
    /// What is wanted.
    pub(crate) wanted: Wanted,
    /// Environment of whoever asks.
    pub(crate) env: BTreeMap<String, String>,
}

impl TaskRecord {
    /// A task that waits for its first attempt.
    pub(crate) fn new(id: TaskId, new: New, now: Moment) -> Self {
        let New { workspace, dir, wanted, .. } = new;
        Self {
            id,
            workspace,
            dir,
            wanted,
            created: now,
            state: State::Queued { until: None, why: String::new() },
            since: now,
            attempts: vec![],
            tree: None,
            delivered: vec![],
            progress: None,
            agent: None,
            landing: None,
            moving: None,
            waived: false,
            excused: false,
            asked: None,
        }
    }

    /// Begins the next attempt with an agent. It goes on with the session of the last one if that
    /// was wished and the agent is the same.
    pub(crate) fn begin(&mut self, agent: &Agent, session: String, now: Moment) -> &Attempt {
        let number = self.attempts.len() as u32 + 1;
        let pending = self.attempts.last().and_then(|last| last.next.clone());
        let same = self.attempts.last().is_some_and(|last| last.agent == agent.name);
        let (resume, prompt) = match pending {
            Some(next) if same => (next.resume, next.prompt),
            Some(next) => (None, next.prompt.filter(|_| next.resume.is_none())),
            None => (None, None),
        };
        self.state = State::Running;
        self.agent = Some(Box::new(agent.clone()));
        self.attempts.push(Attempt {
            number,
            agent: agent.name.clone(),
            driver: agent.driver.clone(),
            model: agent.model.clone(),
            mode: self.wanted.mode.unwrap_or(agent.mode),
            step: Step::Recorded,
            session: resume.clone().unwrap_or(session),
            resume,
            prompt,
            next: None,
            shown_in: None,
            unit: None,
            started: now,
            ended: None,
            receipt: None,
            seen: Standing {
                state: Activity::Starting,
                since: now,
                evidence: String::new(),
                rule: "begun".to_owned(),
                source: Source::Process,
            },
            exit: None,
            class: None,
            why: None,
            text: None,
            tokens: Tokens::default(),
            cost: None,
            turns: None,
            denials: vec![],
        });
        &self.attempts[self.attempts.len() - 1]
    }

    /// Begins another turn of the agent that still sits in its pane: an attempt of its own, in the
    /// same conversation, so that what it uses is counted apart.
    pub(crate) fn turn_again(&mut self, now: Moment) {
        let Some(last) = self.attempts.last() else { return };
        if last.ended.is_none() {
            return;
        }
        let again = Attempt {
            number: last.number + 1,
            resume: Some(last.session.clone()),
            started: now,
            ended: None,
            receipt: None,
            exit: None,
            class: None,
            why: None,
            text: None,
            tokens: Tokens::default(),
            cost: None,
            turns: None,
            denials: vec![],
            next: None,
            ..last.clone()
        };
        self.attempts.push(again);
    }
}
