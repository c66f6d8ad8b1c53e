use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde_json::{Map, Value};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::World;
use crate::{
    base::{Code, Name, Refusal, RunId, nearest},
    ledger,
    workflow::{
        machine::Input,
        record::{DefinitionRecord, EntryRecord, Parent, RunRecord},
        run::{Plan, Run, Told},
        view::RunView,
    },
};

/// How the rest of gaia talks to the workflows. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    world: World,
    inbox: mpsc::UnboundedSender<Ask>,
    news: broadcast::Sender<Arc<News>>,
}

/// A line of a journal, as those hear it who follow a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct News {
    /// The run.
    pub(crate) run: RunId,
    /// What happened.
    pub(crate) told: Told,
}

/// A run to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewRun {
    /// Its workspace.
    pub(crate) workspace: Name,
    /// Folder of the workspace.
    pub(crate) dir: PathBuf,
    /// Environment of whoever asks.
    pub(crate) env: BTreeMap<String, String>,
    /// Its definition.
    pub(crate) definition: DefinitionRecord,
    /// Those it may run.
    pub(crate) others: BTreeMap<String, DefinitionRecord>,
    /// What it is given; checked.
    pub(crate) inputs: Map<String, Value>,
    /// The same key asks for the same run.
    pub(crate) key: Option<String>,
    /// What starts it, in words.
    pub(crate) trigger: String,
    /// The step that starts it.
    pub(crate) parent: Option<Parent>,
    /// Higher goes first; as the definition says if it is left out.
    pub(crate) priority: Option<i32>,
    /// Results it takes over from an earlier run.
    pub(crate) imports: BTreeMap<String, (String, Value)>,
}

type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What the actor is asked.
pub(crate) enum Ask {
    Create(Box<NewRun>, Reply<RunRecord>),
    /// From a person: answered when it is stored.
    Tell(RunId, Input, Reply<RunRecord>),
    /// From a job: nobody waits for an answer.
    Report(RunId, Input),
    /// A job has nothing more to do.
    Idle(RunId, u32, u64),
    List(Reply<Vec<Arc<RunRecord>>>),
    Show(RunId, Reply<Option<RunView>>),
    Wait(RunId, oneshot::Sender<Arc<RunRecord>>),
    Live(RunId, Reply<Option<(RunRecord, Run)>>),
    Forget(Vec<RunId>, Reply<u32>),
}

impl Handle {
    pub(super) fn new(
        world: World,
        inbox: mpsc::UnboundedSender<Ask>,
        news: broadcast::Sender<Arc<News>>,
    ) -> Self {
        Self { world, inbox, news }
    }

    /// What jobs and verbs need of everything else.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Asks for a run; the same key asks for the same one.
    pub(crate) async fn create(&self, new: NewRun) -> Result<RunRecord, Refusal> {
        self.ask(|reply| Ask::Create(Box::new(new), reply)).await?
    }

    /// Tells a run something; returns when that is stored.
    pub(crate) async fn tell(&self, run: &RunId, input: Input) -> Result<RunRecord, Refusal> {
        self.ask(|reply| Ask::Tell(run.clone(), input, reply)).await?
    }

    /// The heads of all runs, older ones first.
    pub(crate) async fn list(&self) -> Result<Vec<Arc<RunRecord>>, Refusal> {
        self.ask(Ask::List).await?
    }

    /// A run with its steps.
    pub(crate) async fn show(&self, run: &RunId) -> Result<RunView, Refusal> {
        match self.ask(|reply| Ask::Show(run.clone(), reply)).await?? {
            Some(view) => Ok(view),
            None => {
                let (record, run) = self.load(run).await?;
                Ok(RunView::of(&record, &run))
            }
        }
    }

    /// A run as it is now, folded from its journal if it is over.
    pub(crate) async fn load(&self, run: &RunId) -> Result<(RunRecord, Run), Refusal> {
        if let Some(live) = self.ask(|reply| Ask::Live(run.clone(), reply)).await?? {
            return Ok(live);
        }
        let record = self.ledger().load::<RunRecord>(run.as_str())?;
        let Some(record) = record else { return Err(self.unknown(run.as_str()).await) };
        let (run, _) = fold(self.ledger(), &record, plan(self.ledger(), &record)?)?;
        Ok((record, run))
    }

    /// A run before its journal.
    pub(crate) async fn begin(&self, run: &RunId) -> Result<(RunRecord, Run), Refusal> {
        let record = self.ledger().load::<RunRecord>(run.as_str())?;
        let Some(record) = record else { return Err(self.unknown(run.as_str()).await) };
        let run = blank(&record, plan(self.ledger(), &record)?);
        Ok((record, run))
    }

    /// The journal of a run.
    pub(crate) fn journal(&self, run: &RunId) -> Result<Vec<Told>, Refusal> {
        let entries = self.ledger().scan_under::<EntryRecord>(&EntryRecord::begin(run))?;
        Ok(entries.into_iter().map(|entry| entry.told).collect())
    }

    /// The definition that a run has captured.
    pub(crate) fn definition(&self, record: &RunRecord) -> Result<DefinitionRecord, Refusal> {
        definition(self.ledger(), &record.digest)
    }

    /// Waits until a run is over.
    pub(crate) async fn wait(&self, run: &RunId) -> Result<Arc<RunRecord>, Refusal> {
        self.ask(|reply| Ask::Wait(run.clone(), reply)).await
    }

    /// Everything that happens in runs from now on.
    pub(crate) fn news(&self) -> broadcast::Receiver<Arc<News>> {
        self.news.subscribe()
    }

    /// Forgets runs that are over, with all they left.
    pub(crate) async fn forget(&self, runs: Vec<RunId>) -> Result<u32, Refusal> {
        self.ask(|reply| Ask::Forget(runs, reply)).await?
    }

    /// The run of a word: an id, its beginning or its end, or `last`.
    pub(crate) async fn find(&self, word: &str) -> Result<RunId, Refusal> {
        let all = self.list().await?;
        let by_hand = all.iter().rev().find(|run| run.parent.is_none());
        if let (Some(last), "last") = (by_hand, word) {
            return Ok(last.id.clone());
        }
        let fits = |run: &&Arc<RunRecord>| {
            let id = run.id.as_str();
            id == word
                || run.key.as_deref() == Some(word)
                || (word.len() >= 4 && id.ends_with(word))
        };
        let mut found = all.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(run), None) => Ok(run.id.clone()),
            (Some(_), Some(_)) => {
                Err(Refusal::new(Code::Invalid, format!("`{word}` is more than one run"))
                    .help("write more of its id"))
            }
            (None, _) => Err(self.unknown(word).await),
        }
    }

    async fn unknown(&self, word: &str) -> Refusal {
        let all = self.list().await.unwrap_or_default();
        let ids: Vec<&str> = all.iter().map(|run| run.id.as_str()).collect();
        let help = match (nearest(word, ids.iter().copied()), ids.last()) {
            (Some(near), _) => format!("did you mean `{near}`? `gaia run list` shows all"),
            (None, Some(last)) => format!("the newest is `{last}`; `last` means it too"),
            (None, None) => "there is none yet: `gaia run start` makes one".to_owned(),
        };
        Refusal::new(Code::NotFound, format!("there is no run `{word}`")).help(help)
    }

    fn ledger(&self) -> &ledger::Handle {
        self.world.ledger()
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        let ended = || Refusal::broken("the workflow actor has ended");
        self.inbox.send(make(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}

/// The definition of a fingerprint.
pub(super) fn definition(
    ledger: &ledger::Handle,
    digest: &str,
) -> Result<DefinitionRecord, Refusal> {
    let found = ledger.load::<DefinitionRecord>(digest)?;
    found.ok_or_else(|| Refusal::broken(format!("the definition {digest} of a run is gone")))
}

/// A run from its journal, and the number of the newest line of that.
pub(super) fn fold(
    ledger: &ledger::Handle,
    record: &RunRecord,
    plan: Arc<Plan>,
) -> Result<(Run, u64), Refusal> {
    let (mut run, mut seq) = (blank(record, plan), 0);
    ledger.each_under::<EntryRecord>(&EntryRecord::begin(&record.id), |entry| {
        for event in &entry.told.events {
            run.apply(event, entry.told.at);
        }
        seq = entry.told.seq;
    })?;
    Ok((run, seq))
}

/// The definition that a run has captured, ready to be run.
pub(super) fn plan(ledger: &ledger::Handle, record: &RunRecord) -> Result<Arc<Plan>, Refusal> {
    Ok(Arc::new(Plan::new(definition(ledger, &record.digest)?.definition)))
}

/// A run of which nothing has happened yet.
pub(super) fn blank(record: &RunRecord, plan: Arc<Plan>) -> Run {
    let about = serde_json::json!({
        "id": record.id,
        "workflow": record.workflow,
        "workspace": record.workspace,
        "dir": record.dir,
        "started": record.created,
        "trigger": record.trigger,
    });
    let about = about.as_object().cloned().unwrap_or_default();
    let mut run = Run::new(plan, Arc::new(record.inputs.clone()), Arc::new(about));
    run.imports(&record.imports);
    run
}
