//! Starts the commands of triggers, beside the daemon.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::{
    base::{Code, Home, Refusal},
    port::{Files, Prober, Run},
    trigger::{Ended, Firing, Started, Starter, What},
};

/// Longest time of a command.
const TIMEOUT: Duration = Duration::from_secs(24 * 3600);

type Over = watch::Sender<Option<Ended>>;

/// Runs commands; what it was told once it does not run again, not even after a restart.
pub(super) struct Commands {
    pub(super) home: Home,
    pub(super) files: Arc<dyn Files>,
    pub(super) prober: Arc<dyn Prober>,
    pub(super) env: Arc<BTreeMap<String, String>>,
    pub(super) over: Arc<Mutex<BTreeMap<String, Over>>>,
}

impl Commands {
    fn over(&self, id: &str) -> Option<watch::Receiver<Option<Ended>>> {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        over.get(id).map(Over::subscribe)
    }
}

#[async_trait]
impl Starter for Commands {
    async fn start(&self, firing: Firing) -> Result<Started, Refusal> {
        let What::Command { argv, payload } = firing.what else {
            let message = "workflows cannot be started yet";
            return Err(Refusal::new(Code::Failed, message).help("let it start a command"));
        };
        let started = Started { run: firing.id.clone() };
        let folder = self.home.root().join("firings");
        let failed = |what: String| Refusal::new(Code::Failed, what);
        self.files.private_dir(&folder, None).map_err(failed)?;
        let digest = Sha256::digest(firing.id.as_bytes());
        let name: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("{name}.json"));
        if self.files.create(&path, payload.to_string().as_bytes()).is_err() {
            return Ok(started);
        }
        let mut env = BTreeMap::clone(&self.env);
        env.extend(firing.env);
        env.insert("GAIA_TRIGGER_FILE".to_owned(), path.display().to_string());
        let run = Run { argv, env, cwd: firing.dir, user: None, timeout: TIMEOUT };
        let over = Over::default();
        let mut known = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(firing.id, over.clone());
        drop(known);
        let prober = Arc::clone(&self.prober);
        tokio::spawn(async move {
            let work = prober.run(&run);
            let mut cancelled = over.subscribe();
            let ended = tokio::select! {
                ran = work => match ran {
                    Ok(ran) if ran.code == 0 => Ended::Done,
                    Ok(ran) => Ended::Failed(format!("it ended with exit code {}", ran.code)),
                    Err(error) => Ended::Failed(error.to_string()),
                },
                _ = cancelled.wait_for(Option::is_some) => return,
            };
            over.send_replace(Some(ended));
        });
        Ok(started)
    }

    async fn cancel(&self, id: &str, _why: &str) -> Result<(), Refusal> {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(over) = over.get(id) {
            over.send_if_modified(|ended| {
                ended.is_none() && ended.replace(Ended::Cancelled).is_none()
            });
        }
        Ok(())
    }

    async fn wait(&self, id: &str) -> Ended {
        let Some(mut over) = self.over(id) else { return Ended::Lost };
        match over.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone().unwrap_or(Ended::Lost),
            Err(_) => Ended::Lost,
        }
    }
}
