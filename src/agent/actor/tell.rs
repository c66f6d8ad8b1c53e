//! What agents' own programs tell through their hooks, and gaia's word on it.

use serde_json::Value;

use super::{Handle, job::News};
use crate::{
    agent::{
        driver::hook::{self, HookEvent, Verdict},
        fact::FenceRefused,
        id::TaskId,
        model::Agent,
        record::TaskRecord,
    },
    base::{Refusal, UnitId},
    guard,
    ledger::Decision,
};

/// A hook as it came.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Its name.
    pub(crate) event: String,
    /// What it says.
    pub(crate) payload: Value,
}

/// The command line of a call, if it runs one.
pub(crate) fn command_of(input: &Value) -> Option<String> {
    match input.get("command")? {
        Value::String(line) => Some(line.clone()),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            Some(shell_words::join(words))
        }
        _ => None,
    }
}

impl Handle {
    /// Takes in what the hook of an agent says; what that hook prints, and its exit code.
    pub(crate) async fn told(
        &self,
        task: &TaskRecord,
        agent: &Agent,
        told: Told,
    ) -> Result<(String, i32), Refusal> {
        let driver = self.world().driver(&task.dir, &agent.driver)?;
        let wire = driver.wire();
        let event = hook::read(wire, &told.event, &told.payload);
        // A program may run a second conversation beside its own: that is not about the agent.
        let own = task.last().map(|attempt| attempt.session.as_str());
        let other = hook::session(&told.payload).is_some_and(|s| Some(s.as_str()) != own);
        let starts = matches!(event, HookEvent::Started { .. });
        let verdict = self.judge(task, agent, &event).await?;
        if !other || starts {
            self.tell(task.id, News::Hook(event));
        }
        Ok((hook::answer(wire, &told.event, &verdict), 0))
    }

    async fn judge(
        &self,
        task: &TaskRecord,
        agent: &Agent,
        event: &HookEvent,
    ) -> Result<Verdict, Refusal> {
        let HookEvent::ToolBefore { command: Some(line), .. } = event else {
            return Ok(Verdict::None);
        };
        match guard::judge(&agent.fence.commands(), line) {
            guard::Verdict::Allow => Ok(Verdict::None),
            guard::Verdict::Deny { rule, .. } => {
                self.refused(task.id, line.clone(), rule.clone()).await?;
                Ok(Verdict::Deny(format!(
                    "`{rule}` is forbidden here: gaia or a person does that. Go on without it"
                )))
            }
        }
    }

    /// The program of a unit asked for what no agent may.
    pub async fn note_refusal(&self, unit: &UnitId, what: String) {
        let name = self.world().sessions.task_of(unit).unwrap_or_default();
        let id = name.split('.').next().and_then(|id| id.parse::<TaskId>().ok());
        let Some(id) = id else { return };
        if let Err(refusal) = self.refused(id, what, "api".to_owned()).await {
            tracing::warn!(%unit, %refusal, "a refusal is not on record");
        }
    }

    /// Something was refused: it stands in the ledger and with the attempt.
    pub(crate) async fn refused(
        &self,
        id: TaskId,
        what: String,
        rule: String,
    ) -> Result<(), Refusal> {
        let what: String = what.chars().take(500).collect();
        let change = move |task: &mut TaskRecord, decision: &mut Decision| {
            let denial = format!("{rule}: {what}");
            if let Some(attempt) = task.attempts.last_mut() {
                attempt.denials.push(denial);
            }
            decision.fact(&FenceRefused { task: Some(id), what, rule });
        };
        self.world().desk.change(id, change).await.map(drop)
    }
}
