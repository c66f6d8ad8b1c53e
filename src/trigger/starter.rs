//! Who starts what a firing asks for. The daemon says who that is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::watch;

use super::model::{Ended, Firing, Started};
use crate::base::Refusal;

/// Starts runs. What it starts it knows by the id of the firing, over restarts too: a firing that
/// was started already is not started again.
#[async_trait]
pub trait Starter: Send + Sync {
    /// Starts what a firing asks for; the same answer for the same id.
    async fn start(&self, firing: Firing) -> Result<Started, Refusal>;
    /// Ends what a firing has started; one that is over is no fault.
    async fn cancel(&self, id: &str, why: &str) -> Result<(), Refusal>;
    /// Waits until what a firing has started is over. Dropping it costs nothing.
    async fn wait(&self, id: &str) -> Ended;
}

/// A starter that starts nothing: a test says when a run is over.
#[derive(Clone, Default)]
pub struct FakeStarter(Arc<Mutex<Runs>>);

#[derive(Default)]
struct Runs {
    started: Vec<Firing>,
    over: BTreeMap<String, watch::Sender<Option<Ended>>>,
    refused: BTreeSet<String>,
}

impl FakeStarter {
    fn runs(&self) -> std::sync::MutexGuard<'_, Runs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every firing that was started, in order; one that was asked for twice stands once.
    #[must_use]
    pub fn started(&self) -> Vec<Firing> {
        self.runs().started.clone()
    }

    /// Says how a run is over.
    pub fn end(&self, id: &str, ended: Ended) {
        self.runs().over.entry(id.to_owned()).or_default().send_replace(Some(ended));
    }

    /// Refuses what this trigger asks for.
    pub fn refuse(&self, trigger: &str) {
        self.runs().refused.insert(trigger.to_owned());
    }
}

#[async_trait]
impl Starter for FakeStarter {
    async fn start(&self, firing: Firing) -> Result<Started, Refusal> {
        let mut runs = self.runs();
        if runs.refused.contains(firing.trigger.as_str()) {
            return Err(Refusal::new(crate::base::Code::Failed, "it is refused"));
        }
        let run = format!("run of {}", firing.id);
        if runs.started.iter().all(|known| known.id != firing.id) {
            runs.started.push(firing);
        }
        Ok(Started { run })
    }

    async fn cancel(&self, id: &str, _why: &str) -> Result<(), Refusal> {
        self.end(id, Ended::Cancelled);
        Ok(())
    }

    async fn wait(&self, id: &str) -> Ended {
        let mut over = self.runs().over.entry(id.to_owned()).or_default().subscribe();
        match over.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone().unwrap_or(Ended::Lost),
            Err(_) => Ended::Lost,
        }
    }
}
