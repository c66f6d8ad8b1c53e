use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::Proposals;
use crate::{
    base::{Code, Home, Name, ProposalId, Refusal},
    inbox,
    knowledge::{
        choose::choose,
        find::{Found, Library},
        learn::{Proposal, diff},
        model::{Brief, Fate, Left},
        record::{ProposalRecord, VersionRecord, place},
    },
    ledger,
    port::{Files, Random},
};

/// What experts ask of the world.
#[derive(Clone)]
pub struct Ports {
    /// The files of the workspace and of the home.
    pub files: Arc<dyn Files>,
    /// Makes ids.
    pub random: Arc<dyn Random>,
}

pub(super) struct World {
    pub(super) home: Home,
    pub(super) ledger: ledger::Handle,
    pub(super) inbox: inbox::Handle,
    pub(super) ports: Ports,
}

/// What shall be proposed.
#[derive(Debug, Clone)]
pub struct New {
    /// The workspace, or a folder in it.
    pub dir: PathBuf,
    /// The expert; one that is not there yet is made.
    pub name: Name,
    /// What it should learn.
    pub proposal: Proposal,
    /// Who proposes it, e.g. `agent ann in run r7`.
    pub who: String,
    /// Proposing it twice with one key proposes it once, for as long as the first is kept.
    pub key: Option<String>,
    /// The person who says yes at once. Never what an agent says.
    pub yes: Option<String>,
}

/// An expert as it once was.
#[derive(
    Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Version {
    /// Counted from 1.
    pub version: u32,
    /// How it came about.
    pub why: String,
    /// Who wanted it.
    pub by: String,
    /// When it was put into the history.
    pub at: crate::base::Moment,
    /// The whole file.
    pub text: String,
}

/// How the rest of gaia talks to the experts. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    asks: mpsc::UnboundedSender<Ask>,
    view: watch::Receiver<Arc<Proposals>>,
    world: Arc<World>,
}

type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// What the actor is asked.
pub(crate) enum Ask {
    Propose(Box<New>, Reply<ProposalId>),
    Decided(ProposalId, Box<inbox::State>),
    Revert { of: (PathBuf, Name), to: Option<u32>, by: String, reply: Reply<Version> },
}

impl Handle {
    pub(super) fn new(
        asks: mpsc::UnboundedSender<Ask>,
        view: watch::Receiver<Arc<Proposals>>,
        world: Arc<World>,
    ) -> Self {
        Self { asks, view, world }
    }

    /// What a step is told that is about these areas and paths (from the workspace on), within
    /// about so many tokens. Reads the files as they are now.
    #[must_use]
    pub fn brief(
        &self,
        dir: &Path,
        areas: &[String],
        paths: &[String],
        budget_tokens: usize,
    ) -> Brief {
        let dir = self.workspace(dir);
        let (mut experts, mut broken) = (vec![], vec![]);
        for (name, found) in self.library().all(&dir) {
            let read = found.map_err(|refusal| refusal.message).and_then(|found| {
                found.load().map_err(|faults| {
                    let (line, column) = faults.first().map_or((1, 1), |fault| fault.place());
                    let path = found.origin.show();
                    format!("its file has faults, the first at {path}:{line}:{column}")
                })
            });
            match read {
                Ok(expert) => experts.push(expert),
                Err(why) => broken.push(Left { name: name.to_string(), why }),
            }
        }
        let mut brief = choose(&experts, areas, paths, budget_tokens);
        brief.left_out.extend(broken);
        brief
    }

    /// Proposes that an expert learns something; returns when that is on disk. A person decides.
    pub async fn propose(&self, mut new: New) -> Result<ProposalId, Refusal> {
        new.dir = self.workspace(&new.dir);
        self.ask(|reply| Ask::Propose(Box::new(new), reply)).await?
    }

    /// Waits until it is decided. Dropping it costs nothing; call it again after a restart.
    pub async fn wait(&self, id: &ProposalId) -> Result<Fate, Refusal> {
        let mut view = self.view.clone();
        let closed = |view: &Arc<Proposals>| view.get(id).is_none_or(|one| one.fate != Fate::Open);
        let view = view.wait_for(closed).await.map_err(|_| ended())?;
        let record = view
            .get(id)
            .ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no proposal {id}")))?;
        Ok(record.fate.clone())
    }

    /// Every version of an expert that is known, oldest first.
    pub fn history(&self, dir: &Path, name: &Name) -> Result<Vec<Version>, Refusal> {
        let all = versions(&self.world.ledger, &self.workspace(dir), name)?;
        Ok(all.into_iter().map(Version::from).collect())
    }

    /// What has changed since a version, or what the last change was.
    pub fn diff(&self, dir: &Path, name: &Name, since: Option<u32>) -> Result<String, Refusal> {
        let dir = self.workspace(dir);
        let all = versions(&self.world.ledger, &dir, name)?;
        let now = self.library().find(&dir, name)?.map(|found| found.text()).unwrap_or_default();
        let old = match since {
            Some(version) => require(&all, name, version)?.text.clone(),
            // What is not in the history yet is the last change.
            None => all.iter().rev().find(|one| one.text != now).map_or_else(
                || if all.is_empty() { now.clone() } else { String::new() },
                |one| one.text.clone(),
            ),
        };
        Ok(diff(&old, &now))
    }

    /// Makes the file say again what it said in a version, or before its last change.
    pub async fn revert(
        &self,
        (dir, name): (&Path, &Name),
        to: Option<u32>,
        by: &str,
    ) -> Result<Version, Refusal> {
        let (of, by) = ((self.workspace(dir), name.clone()), by.to_owned());
        self.ask(|reply| Ask::Revert { of, to, by, reply }).await?
    }

    /// The proposals for an expert that wait for a person.
    pub(in crate::knowledge) fn open(&self, dir: &Path, name: &Name) -> Vec<Arc<ProposalRecord>> {
        let dir = self.workspace(dir);
        let view = self.view.borrow();
        let of = |one: &&Arc<ProposalRecord>| {
            one.fate == Fate::Open && one.dir == dir && one.name == *name
        };
        view.values().filter(of).cloned().collect()
    }

    /// A proposal.
    pub(in crate::knowledge) fn proposal(
        &self,
        id: &ProposalId,
    ) -> Result<Arc<ProposalRecord>, Refusal> {
        let none = || Refusal::new(Code::NotFound, format!("there is no proposal {id}"));
        self.view.borrow().get(id).cloned().ok_or_else(none)
    }

    /// Experts by name, as their files are.
    pub(in crate::knowledge) fn all(&self, dir: &Path) -> Vec<(Name, Result<Found, Refusal>)> {
        self.library().all(&self.workspace(dir))
    }

    /// The expert of this name, as its file is.
    pub(in crate::knowledge) fn find(&self, dir: &Path, name: &Name) -> Result<Found, Refusal> {
        self.library().require(&self.workspace(dir), name)
    }

    /// Makes the file of an expert that the workspace has none of yet; returns where it is.
    pub(in crate::knowledge) fn create(
        &self,
        dir: &Path,
        name: &Name,
        fresh: &str,
    ) -> Result<PathBuf, Refusal> {
        let dir = self.workspace(dir);
        let known = self.library().find(&dir, name)?;
        let text = known.map_or_else(|| fresh.to_owned(), |found| found.text());
        let path = crate::knowledge::find::own(&dir, name);
        let made = self.world.ports.files.create(&path, text.as_bytes());
        made.map_err(|what| Refusal::new(Code::Failed, what))?;
        Ok(path)
    }

    fn library(&self) -> Library<'_> {
        Library { files: &*self.world.ports.files, home: &self.world.home }
    }

    /// The workspace, by one path however it is reached.
    fn workspace(&self, dir: &Path) -> PathBuf {
        self.world.ports.files.real(&self.library().workspace(dir))
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(make(reply)).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }
}

impl From<VersionRecord> for Version {
    fn from(record: VersionRecord) -> Self {
        let VersionRecord { version, why, by, at, text, .. } = record;
        Self { version, why, by, at, text }
    }
}

/// Every version of an expert, oldest first.
pub(super) fn versions(
    ledger: &ledger::Handle,
    dir: &Path,
    name: &Name,
) -> Result<Vec<VersionRecord>, Refusal> {
    let here = place(dir, name);
    let mut all = ledger.scan::<VersionRecord>()?;
    all.retain(|one| place(&one.dir, &one.name) == here);
    all.sort_by_key(|one| one.version);
    Ok(all)
}

/// The version of this number.
pub(super) fn require<'a>(
    all: &'a [VersionRecord],
    name: &Name,
    version: u32,
) -> Result<&'a VersionRecord, Refusal> {
    all.iter().find(|one| one.version == version).ok_or_else(|| {
        let message = format!("the expert `{name}` has no version {version}");
        let known = match (all.first(), all.last()) {
            (Some(first), Some(last)) => format!("there is {} to {}", first.version, last.version),
            _ => "nothing has been learned yet, and so there is no history".to_owned(),
        };
        Refusal::new(Code::NotFound, message).help(known)
    })
}

fn ended() -> Refusal {
    Refusal::broken("the task of the experts has ended")
}
