//! The host: a process of ours, and the socket that only the two of us have.
//!
//! Whoever can order runs what they like outside of every fence, so the socket has no name that a
//! program could find. The host ends when this end is closed, however we end.

use std::{
    collections::HashMap,
    ffi::OsString,
    io::{self, Write},
    os::fd::OwnedFd,
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::AsyncReadExt,
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::Command,
    sync::{Notify, oneshot},
};

use crate::{
    base::step::{self, Gone, Order, Word},
    port::StepSpec,
};

/// A host that runs, or did.
pub(super) struct Host {
    pub(super) pid: Option<u32>,
    /// The socket itself, for the first try.
    direct: std::os::unix::net::UnixStream,
    /// The same, for waiting; closed for the host when this is gone.
    writer: OwnedWriteHalf,
    /// What the socket did not take yet.
    unsent: Mutex<Vec<u8>>,
    more: Arc<Notify>,
    /// Who waits for which order; `None` when nothing more will come.
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<Gone>>>>,
    next: AtomicU64,
}

impl Host {
    /// Starts one.
    pub(super) fn start(argv: &[OsString; 4], env: &[(String, String)]) -> io::Result<Arc<Self>> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let [exe, args @ ..] = argv;
        let mut command = Command::new(exe);
        command.args(args).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
        command.current_dir("/").stdin(Stdio::from(OwnedFd::from(theirs)));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let pid = child.id();
        // Their end would stay open with it.
        drop(command);
        tokio::spawn(async move { child.wait().await });
        let direct = ours.try_clone()?;
        let (reader, writer) = UnixStream::from_std(ours)?.into_split();
        let host = Arc::new(Self {
            pid,
            direct,
            writer,
            unsent: Mutex::default(),
            more: Arc::default(),
            waiting: Mutex::new(Some(HashMap::new())),
            next: AtomicU64::new(0),
        });
        // Neither keeps it: when nobody has it any more, the socket is closed.
        tokio::spawn(hear(reader, Arc::downgrade(&host)));
        tokio::spawn(send_rest(Arc::clone(&host.more), Arc::downgrade(&host)));
        Ok(host)
    }

    /// Whether it takes no more orders.
    pub(super) fn is_gone(&self) -> bool {
        self.waiting().is_none()
    }

    /// Orders an attempt. What comes back tells how its shim ended; it is closed if the host ends.
    pub(super) fn order(&self, spec: &StepSpec) -> io::Result<oneshot::Receiver<Gone>> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let frame = step::encode(&Order { id, spec });
        if !step::fits(&frame) {
            let what = "its command and environment are too long";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let (answer, wait) = oneshot::channel();
        if let Some(waiting) = &mut *self.waiting() {
            waiting.insert(id, answer);
        }
        self.unsent().extend(frame);
        // Not by tokio, which first wants to hear that the socket is ready: an order is on its way
        // when this returns.
        if !self.send(|bytes| (&self.direct).write(bytes)) {
            self.more.notify_one();
        }
        Ok(wait)
    }

    /// Sends what the socket takes at once; whether that was all.
    fn send(&self, write: impl Fn(&[u8]) -> io::Result<usize>) -> bool {
        let mut unsent = self.unsent();
        while !unsent.is_empty() {
            match write(&unsent) {
                Ok(sent) => drop(unsent.drain(..sent)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return false,
                // It is gone, which the other half hears.
                Err(_) => unsent.clear(),
            }
        }
        true
    }

    fn unsent(&self) -> MutexGuard<'_, Vec<u8>> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<Gone>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.more.notify_one();
    }
}

/// Sends what the socket did not take at once, when it does.
async fn send_rest(more: Arc<Notify>, host: Weak<Host>) {
    loop {
        more.notified().await;
        let Some(host) = host.upgrade() else { return };
        while !host.send(|bytes| host.writer.try_write(bytes)) {
            if host.writer.writable().await.is_err() {
                return;
            }
        }
    }
}

/// Takes the words of the host until it is gone.
async fn hear(mut reader: OwnedReadHalf, host: Weak<Host>) {
    let mut buffer = Vec::new();
    while reader.read_buf(&mut buffer).await.is_ok_and(|n| n > 0) {
        let Some(host) = host.upgrade() else { return };
        while let Ok(Some(Word { id, gone })) = step::decode(&mut buffer) {
            let answer = host.waiting().as_mut().and_then(|waiting| waiting.remove(&id));
            if let Some(answer) = answer {
                let _ = answer.send(gone);
            }
        }
    }
    if let Some(host) = host.upgrade() {
        // Everyone who waits looks for themselves.
        *host.waiting() = None;
    }
}
