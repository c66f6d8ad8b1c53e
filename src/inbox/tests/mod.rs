//! The inbox with a real ledger on a store in memory, and its channels with real servers.

#![allow(clippy::disallowed_methods, reason = "tests write files")]

mod channels;
mod files;
mod items;
mod servers;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    Answer, Configured, Handle, Item, Kind, NewItem, Options, Ports, Who, actor::spawn, channels,
};
use crate::{
    adapter::{SystemFiles, SystemNotifier, SystemProber, SystemWatcher},
    ledger::{self, Entry, Retention},
    port::{FakeClock, FakeNotifier, FakeRandom, FakeStore, Notifier},
};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// One home, whatever daemons come and go.
#[derive(Clone)]
struct Home {
    store: FakeStore,
    clock: FakeClock,
    notifier: Arc<dyn Notifier>,
    config: String,
    env: BTreeMap<String, String>,
}

impl Home {
    fn new() -> Self {
        Self::with("", Arc::new(FakeNotifier::default()))
    }

    fn with(config: &str, notifier: Arc<dyn Notifier>) -> Self {
        let (store, clock) = (FakeStore::default(), FakeClock::default());
        clock.advance(Duration::from_secs(1_700_000_000));
        let env = BTreeMap::new();
        Self { store, clock, notifier, config: config.into(), env }
    }

    /// With channels that really send.
    fn real(config: &str) -> Self {
        Self::with(config, Arc::new(SystemNotifier::new(Arc::new(SystemProber))))
    }

    fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// A daemon starts.
    async fn start(&self) -> (Handle, ledger::Handle) {
        let store = Arc::new(self.store.clone());
        let clock = Arc::new(self.clock.clone());
        let ledger = ledger::spawn(store, clock.clone(), Retention::default()).unwrap();
        let ports = Ports {
            clock,
            random: Arc::new(FakeRandom::default()),
            files: Arc::new(SystemFiles),
            watcher: Arc::new(SystemWatcher),
            notifier: Arc::clone(&self.notifier),
        };
        let channels: Vec<Configured> = channels("config.toml", &self.config).unwrap();
        let pauses = vec![Duration::ZERO; 3];
        let options = Options { channels, env: self.env.clone(), user: "ann".into(), pauses };
        (spawn(ledger.clone(), ports, options).await.unwrap(), ledger)
    }
}

fn who(by: &str) -> Who {
    Who { by: by.into(), via: "cli".into() }
}

fn question(title: &str) -> NewItem {
    NewItem::new(Kind::Question, title)
}

fn open(inbox: &Handle) -> Vec<String> {
    inbox.view().open().map(|item| item.title.clone()).collect()
}

/// Entries of a kind, and at least `count` of them.
async fn facts(ledger: &ledger::Handle, kind: &str, count: usize) -> Vec<Entry> {
    use futures_util::StreamExt;
    if count == 0 {
        let all = ledger.entries(0, usize::MAX).unwrap();
        return all.into_iter().filter(|entry| entry.kind == kind).collect();
    }
    let wanted = ledger.subscribe(0).filter(|entry| std::future::ready(entry.kind == kind));
    let wanted = wanted.take(count).map(|entry| Entry::clone(&entry)).collect();
    tokio::time::timeout(PATIENCE, wanted).await.unwrap_or_else(|_| panic!("too few {kind}"))
}

async fn closed(inbox: &Handle, id: &crate::base::ItemId) -> Arc<Item> {
    tokio::time::timeout(PATIENCE, inbox.wait(id)).await.expect("it is never closed").unwrap()
}
