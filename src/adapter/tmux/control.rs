//! The control client: one line a command, answered in order.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout},
    sync::{mpsc, oneshot},
};

use super::{
    argv,
    parse::{Heard, Parser},
};

/// A server that does not answer for this long is asked by spawned commands instead.
const PATIENCE: Duration = Duration::from_secs(5);

type Reply = Result<Vec<u8>, String>;
type Waiting = Arc<Mutex<VecDeque<oneshot::Sender<Reply>>>>;

/// A running control client.
pub(super) struct Control {
    pid: i32,
    out: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Waiting,
    dead: Arc<AtomicBool>,
}

impl Control {
    /// Serves a client that was just forked; `ended` is called when it is gone.
    pub(super) fn new(mut child: Child, ended: impl FnOnce() + Send + 'static) -> Option<Self> {
        let (stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
        let pid = i32::try_from(child.id()?).ok()?;
        let (out, queue) = mpsc::unbounded_channel();
        let control =
            Self { pid, out, waiting: Waiting::default(), dead: Arc::new(AtomicBool::new(false)) };
        tokio::spawn(write(stdin, queue));
        let (waiting, dead) = (Arc::clone(&control.waiting), Arc::clone(&control.dead));
        tokio::spawn(async move {
            read(stdout, &waiting).await;
            dead.store(true, Ordering::Release);
            lock(&waiting).clear();
            let _ = child.kill().await;
            ended();
        });
        Some(control)
    }

    /// Runs a command. `None`: the client is gone or does not answer; whether the command was
    /// carried out is not known, so only commands that may be repeated are.
    pub(super) async fn run(&self, argv: &[String]) -> Option<Reply> {
        let (reply, answer) = oneshot::channel();
        {
            // Its place in the order of replies and the sending are one step.
            let mut waiting = lock(&self.waiting);
            if self.is_dead() {
                return None;
            }
            waiting.push_back(reply);
            self.out.send(argv::line(argv)).ok()?;
        }
        tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Acquire)
    }

    /// Ends the client.
    pub(super) fn kill(&self) {
        self.dead.store(true, Ordering::Release);
        let _ = crate::adapter::process::signal(self.pid, libc::SIGKILL);
    }
}

async fn write(mut stdin: ChildStdin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(mut lines) = queue.recv().await {
        while let Ok(more) = queue.try_recv() {
            lines.extend(more);
        }
        if stdin.write_all(&lines).await.is_err() {
            return;
        }
    }
}

async fn read(stdout: ChildStdout, waiting: &Waiting) {
    let mut reader = BufReader::with_capacity(64 << 10, stdout);
    let (mut parser, mut line) = (Parser::default(), Vec::new());
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => (),
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        match parser.line(&line) {
            Some(Heard::Reply(reply)) => {
                if let Some(waiter) = lock(waiting).pop_front() {
                    let _ = waiter.send(reply);
                }
            }
            Some(Heard::Exit) => return,
            None => (),
        }
    }
}

fn lock(waiting: &Waiting) -> std::sync::MutexGuard<'_, VecDeque<oneshot::Sender<Reply>>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
