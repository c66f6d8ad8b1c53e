//! One connection to a shim: asks are answered in order, receipts by their id.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixStream, unix::OwnedReadHalf},
    sync::{mpsc, oneshot},
};

use super::Shared;
use crate::{
    base::{
        UnitId,
        unit::State,
        wire::{Ask, Frame, Tell},
    },
    port::{UnitError, UnitEvent},
};

/// A shim answers at once; one that does not is stopped or starved.
const PATIENCE: Duration = Duration::from_secs(5);

type Answer<T> = oneshot::Sender<Result<T, String>>;

/// The daemon's end of a connection. Cheap to clone.
#[derive(Clone)]
pub(super) struct Link {
    out: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<Mutex<Waiting>>,
    next: Arc<AtomicU64>,
}

/// Who waits for what.
#[derive(Default)]
struct Waiting {
    /// In the order of the asks.
    asked: VecDeque<Answer<State>>,
    /// By the id of the input.
    receipts: HashMap<u64, Answer<u64>>,
    closed: bool,
}

/// Takes a fresh connection: reads its hello, then serves it in the background.
pub(super) async fn open(stream: UnixStream, shared: &Arc<Shared>) -> io::Result<State> {
    let (mut reader, mut writer) = stream.into_split();
    let mut buffer = Vec::new();
    let Some(Frame::Tell(Tell::Hello(state))) = next(&mut reader, &mut buffer).await? else {
        return Err(io::Error::other("it does not say hello"));
    };
    let (out, mut queue) = mpsc::unbounded_channel::<Vec<u8>>();
    tokio::spawn(async move {
        while let Some(bytes) = queue.recv().await {
            if writer.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let link = Link { out, waiting: Arc::default(), next: Arc::default() };
    let id = state.claim.id.clone();
    shared.links().insert(id.clone(), link.clone());
    shared.tell(&UnitEvent::Hello(state.clone()));
    tokio::spawn(serve(reader, buffer, link, id, Arc::clone(shared)));
    Ok(state)
}

async fn next(reader: &mut OwnedReadHalf, buffer: &mut Vec<u8>) -> io::Result<Option<Frame>> {
    loop {
        if let Some(frame) = Frame::decode(buffer).map_err(io::Error::other)? {
            return Ok(Some(frame));
        }
        if reader.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

async fn serve(
    mut reader: OwnedReadHalf,
    mut buffer: Vec<u8>,
    link: Link,
    id: UnitId,
    shared: Arc<Shared>,
) {
    while let Ok(Some(frame)) = next(&mut reader, &mut buffer).await {
        let event = match frame {
            Frame::Tell(tell) => link.hear(&id, tell),
            Frame::Ask(_) | Frame::Output(..) | Frame::Input { .. } | Frame::Keys(_) => None,
        };
        if let Some(event) = event {
            shared.tell(&event);
        }
    }
    link.close();
    let ours = |link: &Link, other: &Link| Arc::ptr_eq(&link.waiting, &other.waiting);
    let mut gone = false;
    {
        let mut links = shared.links();
        if links.get(&id).is_some_and(|present| ours(present, &link)) {
            links.remove(&id);
            gone = true;
        }
    }
    if gone {
        shared.tell(&UnitEvent::Gone(id));
    }
}

impl Link {
    pub(super) async fn ask(&self, id: &UnitId, ask: Ask) -> Result<State, UnitError> {
        let (answer, wait) = oneshot::channel();
        {
            // The place in the order of answers and the sending are one step.
            let mut waiting = self.waiting();
            if !waiting.closed {
                waiting.asked.push_back(answer);
                let _ = self.out.send(Frame::Ask(ask).encode());
            }
        }
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(answer) => settle(id, answer),
            Err(_) => {
                let what = format!("its shim has not answered for {} s", PATIENCE.as_secs());
                Err(UnitError::Refused { id: id.clone(), what })
            }
        }
    }

    pub(super) async fn input(
        &self,
        id: &UnitId,
        bytes: Vec<u8>,
        paste: bool,
    ) -> Result<u64, UnitError> {
        let (answer, wait) = oneshot::channel();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        {
            let mut waiting = self.waiting();
            if !waiting.closed {
                waiting.receipts.insert(number, answer);
                let _ = self.out.send(Frame::Input { id: number, paste, bytes }.encode());
            }
        }
        settle(id, wait.await)
    }

    fn hear(&self, id: &UnitId, tell: Tell) -> Option<UnitEvent> {
        match tell {
            Tell::Hello(state) => return Some(UnitEvent::Hello(state)),
            Tell::Started(state) => return Some(UnitEvent::Started(state)),
            Tell::Exit(exit) => return Some(UnitEvent::Exit(exit)),
            Tell::Empty { incarnation } => {
                return Some(UnitEvent::Emptied(id.clone(), incarnation));
            }
            Tell::State(state) => self.answer_oldest(Ok(state)),
            Tell::Refused(what) => self.answer_oldest(Err(what)),
            Tell::Receipt { id, bytes } => self.answer_input(id, Ok(bytes)),
            Tell::NotTyped { id, what } => self.answer_input(id, Err(what)),
        }
        None
    }

    fn answer_oldest(&self, word: Result<State, String>) {
        if let Some(answer) = self.waiting().asked.pop_front() {
            let _ = answer.send(word);
        }
    }

    fn answer_input(&self, id: u64, word: Result<u64, String>) {
        if let Some(answer) = self.waiting().receipts.remove(&id) {
            let _ = answer.send(word);
        }
    }

    fn close(&self) {
        let mut waiting = self.waiting();
        waiting.closed = true;
        waiting.asked.clear();
        waiting.receipts.clear();
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn settle<T>(
    id: &UnitId,
    answer: Result<Result<T, String>, oneshot::error::RecvError>,
) -> Result<T, UnitError> {
    match answer {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(what)) => Err(UnitError::Refused { id: id.clone(), what }),
        Err(_) => Err(UnitError::NotRunning(id.clone())),
    }
}
