//! Messages on their way: each channel has a queue and a task that tries until it gives up.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::mpsc;

use super::{Handle, Options, Ports, back, pause};
use crate::{
    base::{Moment, NotSent, Outgoing},
    inbox::{
        channel::{
            Lookup, Message,
            config::Configured,
            gate::{Pass, Rate, Seen},
        },
        model::Notice,
        record::Told,
    },
    port::Clock,
};

/// Messages that wait for one channel.
const QUEUE: usize = 256;
/// Longest file that holds a secret.
const SECRET: usize = 4096;

/// Where messages are posted.
pub(super) struct Desk {
    lines: Vec<Line>,
    seen: Mutex<Seen>,
    clock: Arc<dyn Clock>,
}

/// A channel's queue.
struct Line {
    channel: Configured,
    queue: mpsc::Sender<Message>,
}

/// Tasks that begin once there is a handle.
pub(super) struct Starts(Vec<(Arc<Way>, mpsc::Receiver<Message>)>);

/// A channel with what it needs to send.
pub(super) struct Way {
    pub(super) channel: Configured,
    pub(super) ports: Ports,
    env: Arc<BTreeMap<String, String>>,
    pauses: Vec<Duration>,
}

impl Desk {
    pub(super) fn new(ports: &Ports, options: Options) -> (Self, Starts) {
        let env = Arc::new(options.env);
        let (mut lines, mut starts) = (vec![], vec![]);
        for channel in options.channels {
            let (queue, messages) = mpsc::channel(QUEUE);
            lines.push(Line { channel: channel.clone(), queue });
            let (env, pauses) = (Arc::clone(&env), options.pauses.clone());
            starts.push((Arc::new(Way { channel, ports: ports.clone(), env, pauses }), messages));
        }
        let clock = Arc::clone(&ports.clock);
        (Self { lines, seen: Mutex::default(), clock }, Starts(starts))
    }

    /// Puts a message into the queue of every channel that wants it.
    pub(super) fn post(&self, message: &Message, also: impl Fn(&str) -> bool) {
        for Line { channel, queue } in &self.lines {
            if channel.wants(message)
                && also(&channel.name)
                && queue.try_send(message.clone()).is_err()
            {
                tracing::warn!(channel = channel.name, "too many messages wait; one is left out");
            }
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(super) fn notify(&self, notice: Notice) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.is_new(&notice, self.clock.uptime()) {
            drop(seen);
            self.post(&Message::of_notice(notice, self.clock.now()), |_| true);
        }
    }
}

impl Configured {
    fn wants(&self, message: &Message) -> bool {
        let kind = self.on.is_empty() || self.on.contains(&message.kind);
        kind && (self.workspace.is_none() || self.workspace == message.workspace)
    }
}

impl Starts {
    /// Lets every channel begin.
    pub(super) fn run(self, handle: &Handle) {
        for (way, messages) in self.0 {
            if way.channel.channel.back().is_some() {
                tokio::spawn(back::listen(Arc::clone(&way), handle.clone()));
            }
            tokio::spawn(way.work(messages, handle.clone()));
        }
    }
}

impl Way {
    async fn work(self: Arc<Self>, mut messages: mpsc::Receiver<Message>, handle: Handle) {
        let mut rate = Rate::default();
        while let Some(message) = messages.recv().await {
            if message
                .item
                .as_ref()
                .is_some_and(|id| handle.view().items.get(id).is_none_or(|item| !item.is_open()))
            {
                continue;
            }
            let told = match rate.pass(self.ports.clock.uptime()) {
                Pass::Yes => self.deliver(&message).await,
                Pass::First => Told::Failed(
                    "there were too many messages within a minute: the rest is left out".into(),
                ),
                Pass::No => continue,
            };
            handle.told(&self.channel.name, message, told);
        }
    }

    async fn deliver(&self, message: &Message) -> Told {
        let channel = &self.channel.channel;
        let sent = self.send(|lookup| channel.render(message, lookup)).await;
        match sent.and_then(|reply| channel.reference(&reply)) {
            Ok(reference) => Told::Sent(reference),
            Err(what) => Told::Failed(what),
        }
    }

    /// Sends something, and tries again where that may help.
    async fn send(
        &self,
        make: impl Fn(&Lookup<'_>) -> Result<Outgoing, String>,
    ) -> Result<String, String> {
        let mut pauses = self.pauses.iter();
        loop {
            let NotSent { what, again } = match self.once(&make).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            match pauses.next() {
                Some(span) if again => pause(Some(*span)).await,
                _ => return Err(what),
            }
        }
    }

    /// Sends something once.
    pub(super) async fn once(
        &self,
        make: impl Fn(&Lookup<'_>) -> Result<Outgoing, String>,
    ) -> Result<String, NotSent> {
        let outgoing = self.with_lookup(make).map_err(|what| NotSent { what, again: false })?;
        self.ports.notifier.send(&outgoing).await
    }

    pub(super) fn with_lookup<T>(&self, look: impl FnOnce(&Lookup<'_>) -> T) -> T {
        let files = &self.ports.files;
        let read = |path: &Path| {
            let none = || format!("the file {} is not there", path.display());
            let text = files.read(path, SECRET)?.ok_or_else(none)?;
            String::from_utf8(text).map_err(|_| format!("{} holds no text", path.display()))
        };
        look(&Lookup { env: &self.env, read: &read })
    }
}
