//! The shell: one task that takes proposals, hears what a person says to them, and changes files.
//!
//! Rooms: `handle` (how the rest of gaia asks), `write` (a file, from intent to history).
//!
//! Invariants:
//! - Store, then write, then store: a file is changed between its intent and its version, and after
//!   a crash the file itself says how far that was.
//! - A proposal leaves `open` once: every wish goes through this one task.

mod handle;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::{mpsc, watch};

pub(crate) use handle::Ask;
use handle::World;
pub use handle::{Handle, New, Ports, Version};

use super::{
    fact::{Accepted, Proposed, Rejected},
    find::Library,
    learn::{Merged, merge},
    model::Fate,
    record::{Cause, IntentRecord, ProposalRecord, digest},
};
use crate::{
    base::{Home, ItemId, Name, ProposalId, Refusal, faults_refusal},
    inbox::{self, Kind, Level, NewItem, Notice, State},
    ledger::{self, Decision},
};

/// Closed proposals that are kept.
const KEPT: usize = 500;
/// Longest diff in the text of an item of the inbox, which takes 16 KiB.
const SHOWN: usize = 12 << 10;

/// Every proposal that is kept.
pub(super) type Proposals = BTreeMap<ProposalId, Arc<ProposalRecord>>;

struct Actor {
    world: Arc<World>,
    asks: mpsc::WeakUnboundedSender<Ask>,
    view: watch::Sender<Arc<Proposals>>,
    proposals: Proposals,
}

/// Starts the task: what was being written is finished, what was open waits again.
pub async fn spawn(
    home: Home,
    ledger: ledger::Handle,
    inbox: inbox::Handle,
    ports: Ports,
) -> Result<Handle, Refusal> {
    let (view, seen) = watch::channel(Arc::default());
    let (asks, wishes) = mpsc::unbounded_channel();
    let world = Arc::new(World { home, ledger, inbox, ports });
    let handle = Handle::new(asks.clone(), seen, Arc::clone(&world));
    let proposals = BTreeMap::new();
    let mut actor = Actor { world, asks: asks.downgrade(), view, proposals };
    actor.recover().await?;
    tokio::spawn(actor.live(wishes));
    Ok(handle)
}

impl Actor {
    async fn recover(&mut self) -> Result<(), Refusal> {
        for record in self.world.ledger.scan::<ProposalRecord>()? {
            self.proposals.insert(record.id.clone(), Arc::new(record));
        }
        for intent in self.world.ledger.scan::<IntentRecord>()? {
            if let Err(refusal) = self.settle(intent).await {
                tracing::error!(%refusal, "the file of an expert waits to be written");
            }
        }
        self.publish();
        let open: Vec<_> = self.proposals.values().filter(|one| one.fate == Fate::Open).collect();
        for record in open.into_iter().cloned().collect::<Vec<_>>() {
            self.begin(&record).await;
        }
        Ok(())
    }

    async fn live(mut self, mut wishes: mpsc::UnboundedReceiver<Ask>) {
        while let Some(ask) = wishes.recv().await {
            match ask {
                Ask::Propose(new, reply) => drop(reply.send(self.propose(*new).await)),
                Ask::Decided(id, state) => self.decided(&id, *state).await,
                Ask::Revert { of: (dir, name), to, by, reply } => {
                    drop(reply.send(self.revert((&dir, &name), to, &by).await));
                }
            }
        }
    }

    fn library(world: &World) -> Library<'_> {
        Library { files: &*world.ports.files, home: &world.home }
    }

    fn publish(&self) {
        self.view.send_replace(Arc::new(self.proposals.clone()));
    }

    /// What a proposal makes of the expert as it is now, and the digest of that.
    fn merge(
        world: &World,
        (dir, name): (&std::path::Path, &Name),
        proposal: &super::Proposal,
    ) -> Result<(Merged, Option<String>), Refusal> {
        let found = Self::library(world).find(dir, name)?;
        let Some(found) = found else { return Ok((merge(name, None, proposal)?, None)) };
        found.load().map_err(|faults| faults_refusal(&faults))?;
        Ok((merge(name, Some(&found.text()), proposal)?, Some(digest(&found.bytes))))
    }

    async fn propose(&mut self, new: New) -> Result<ProposalId, Refusal> {
        let same = |one: &&Arc<ProposalRecord>| {
            one.key.is_some() && (&one.key, &one.dir, &one.name) == (&new.key, &new.dir, &new.name)
        };
        if let Some(known) = self.proposals.values().find(same) {
            return Ok(known.id.clone());
        }
        let (merged, base) = Self::merge(&self.world, (&new.dir, &new.name), &new.proposal)?;
        let made = self.world.ledger.now();
        let fresh = || ProposalId::new(made.0, self.world.ports.random.word());
        let mut id = fresh();
        while self.proposals.contains_key(&id) {
            id = fresh();
        }
        let (gist, diff) = (merged.gist, merged.diff);
        let New { dir, name, proposal, who, key, yes } = new;
        let fate = Fate::Open;
        let record =
            ProposalRecord { id, dir, name, who, key, proposal, base, gist, diff, yes, made, fate };
        let mut decision = Decision::new();
        decision.fact(&Proposed {
            proposal: record.id.clone(),
            expert: record.name.clone(),
            dir: record.dir.display().to_string(),
            who: record.who.clone(),
            gist: record.gist.clone(),
        });
        let record = self.store(record, decision).await?;
        self.begin(&record).await;
        Ok(record.id.clone())
    }

    /// Stores a proposal as it is now, with what goes with that, and shows it.
    async fn store(
        &mut self,
        record: ProposalRecord,
        mut decision: Decision,
    ) -> Result<Arc<ProposalRecord>, Refusal> {
        decision.put(&record);
        let closed = self.proposals.values().filter(|one| one.fate != Fate::Open);
        let surplus = closed.clone().count().saturating_sub(KEPT);
        let old: Vec<ProposalId> = closed.take(surplus).map(|one| one.id.clone()).collect();
        for id in &old {
            decision.delete::<ProposalRecord>(id.as_str());
        }
        self.world.ledger.commit(decision).await?;
        let record = Arc::new(record);
        self.proposals.retain(|id, _| !old.contains(id));
        self.proposals.insert(record.id.clone(), Arc::clone(&record));
        self.publish();
        Ok(record)
    }

    /// Takes the yes that is there already, or lays the proposal before a person. May be done twice.
    async fn begin(&mut self, record: &Arc<ProposalRecord>) {
        if let Some(by) = record.yes.clone() {
            return self.accept(&record.id, &by).await;
        }
        let raised = self.world.inbox.raise(item(record)).await;
        match raised {
            Ok(item) => self.listen(record.id.clone(), item),
            // It is raised at the next start.
            Err(refusal) => tracing::error!(%refusal, "a proposal cannot be shown to a person"),
        }
    }

    /// Waits for what a person says, beside everything else.
    fn listen(&self, id: ProposalId, item: ItemId) {
        let (inbox, asks) = (self.world.inbox.clone(), self.asks.clone());
        tokio::spawn(async move {
            if let (Ok(item), Some(asks)) = (inbox.wait(&item).await, asks.upgrade()) {
                let _ = asks.send(Ask::Decided(id, Box::new(item.state.clone())));
            }
        });
    }

    async fn decided(&mut self, id: &ProposalId, state: State) {
        match state {
            State::Open => (),
            State::Answered { answer, by, .. } if answer.allow == Some(true) => {
                self.accept(id, &by).await;
            }
            State::Answered { answer, by, .. } => self.reject(id, &by, &answer.show()).await,
            State::Expired { .. } => self.reject(id, "nobody", "nobody answered in time").await,
            State::Withdrawn { why, .. } => self.reject(id, "nobody", &why).await,
        }
    }

    fn open(&self, id: &ProposalId) -> Option<Arc<ProposalRecord>> {
        self.proposals.get(id).filter(|one| one.fate == Fate::Open).cloned()
    }

    /// A person has said yes: the proposal is merged into what the file says now.
    async fn accept(&mut self, id: &ProposalId, by: &str) {
        let Some(record) = self.open(id) else { return };
        if let Err(refusal) = self.write_proposal(&record, by).await {
            let why = format!("it cannot be written any more: {}", refusal.message);
            self.reject(id, "gaia", &why).await;
            self.world.inbox.notify(Notice {
                kind: "expert-not-written".to_owned(),
                level: Level::Warning,
                title: format!("the expert `{}` has not learned what you accepted", record.name),
                body: refusal.message,
                workspace: None,
                agent: None,
                task: None,
            });
        }
    }

    async fn reject(&mut self, id: &ProposalId, by: &str, why: &str) {
        let Some(record) = self.open(id) else { return };
        let (by, why) = (by.to_owned(), why.to_owned());
        let mut decision = Decision::new();
        decision.fact(&Rejected {
            proposal: id.clone(),
            expert: record.name.clone(),
            dir: record.dir.display().to_string(),
            by: by.clone(),
            why: why.clone(),
        });
        let record = ProposalRecord { fate: Fate::Rejected { by, why }, ..record.as_ref().clone() };
        if let Err(refusal) = self.store(record, decision).await {
            // It is still open, and heard again after the next start.
            tracing::error!(%refusal, "a proposal cannot be closed");
        }
    }

    /// A proposal whose file is written.
    async fn accepted(&mut self, intent: &IntentRecord, decision: Decision) -> Result<(), Refusal> {
        let Cause::Accept(id) = &intent.cause else { return Ok(()) };
        let mut decision = decision;
        let next = &intent.next;
        let (by, version) = (next.by.clone(), next.version);
        decision.fact(&Accepted {
            proposal: id.clone(),
            expert: next.name.clone(),
            dir: next.dir.display().to_string(),
            by: by.clone(),
            version,
        });
        match self.open(id) {
            Some(record) => {
                let fate = Fate::Accepted { by, version };
                self.store(ProposalRecord { fate, ..record.as_ref().clone() }, decision).await?;
            }
            None => drop(self.world.ledger.commit(decision).await?),
        }
        Ok(())
    }
}

/// What a person is asked.
fn item(record: &ProposalRecord) -> NewItem {
    let title = format!("may the expert `{}` learn this? {}", record.name, record.gist);
    let why = record.proposal.why.as_deref().unwrap_or("");
    let head = format!("proposed by {}\nfile of {}\n{why}\n\n", record.who, record.dir.display());
    let mut shown = String::new();
    for line in record.diff.split_inclusive('\n') {
        if shown.len() + line.len() > SHOWN {
            shown.push_str("… the rest: gaia expert history --json\n");
            break;
        }
        shown.push_str(line);
    }
    let key = Some(format!("expert/{}", record.id));
    NewItem { body: head + &shown, key, ..NewItem::new(Kind::Approval, title) }
}
