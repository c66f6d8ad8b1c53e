//! Triggers start runs of workflows; a command is a workflow of one step.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use crate::{
    base::Refusal,
    trigger::{Ended, Firing, Started, Starter, What},
    workflow::{self, Asked, Asker, Over},
};

/// Starts runs.
pub(super) struct Runs {
    pub(super) workflows: workflow::Handle,
    pub(super) env: Arc<BTreeMap<String, String>>,
}

#[async_trait]
impl Starter for Runs {
    async fn start(&self, firing: Firing) -> Result<Started, Refusal> {
        let mut env = BTreeMap::clone(&self.env);
        env.extend(firing.env);
        let asked = match firing.what {
            What::Workflow { name, inputs } => Asked::Workflow(name, inputs),
            What::Command { argv, payload } => {
                Asked::Command(firing.trigger.to_string(), argv, payload)
            }
        };
        let asker = Asker {
            workspace: firing.workspace,
            dir: firing.dir,
            env,
            trigger: format!("the trigger {}", firing.trigger),
            key: firing.id,
        };
        let run = self.workflows.begin_for(asker, asked).await?;
        Ok(Started { run: run.to_string() })
    }

    async fn cancel(&self, id: &str, why: &str) -> Result<(), Refusal> {
        self.workflows.cancel_for(id, why).await
    }

    async fn wait(&self, id: &str) -> Ended {
        match self.workflows.wait_for(id).await {
            Some(Over::Done) => Ended::Done,
            Some(Over::Failed(why)) => Ended::Failed(why),
            Some(Over::Cancelled) => Ended::Cancelled,
            None => Ended::Lost,
        }
    }
}
