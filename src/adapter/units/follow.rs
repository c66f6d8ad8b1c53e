//! Learns from a shim that its log has grown, over a connection of its own.

use std::path::PathBuf;

use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::UnixStream, sync::watch};

use crate::base::{
    unit::State,
    wire::{Ask, Frame, Tell},
};

/// Counts up whenever the log grows. Ends with the shim, or with its last receiver.
pub(super) fn growth(socket: PathBuf) -> watch::Receiver<u64> {
    let (sender, receiver) = watch::channel(0);
    tokio::spawn(async move {
        tokio::select! {
            _ = listen(socket, &sender) => (),
            () = sender.closed() => (),
        }
    });
    receiver
}

async fn listen(socket: PathBuf, sender: &watch::Sender<u64>) -> Option<()> {
    let mut stream = UnixStream::connect(socket).await.ok()?;
    let mut buffer = Vec::new();
    loop {
        while let Some(frame) = Frame::decode(&mut buffer).ok()? {
            match frame {
                // What is on disk already is read from there; only news are wanted.
                Frame::Tell(Tell::Hello(State { log_end: from, .. })) => {
                    stream.write_all(&Frame::Ask(Ask::Output { from }).encode()).await.ok()?;
                    sender.send_modify(|count| *count += 1);
                }
                Frame::Output(..) | Frame::Tell(Tell::Exit(_)) => {
                    sender.send_modify(|count| *count += 1);
                }
                Frame::Tell(_) | Frame::Ask(_) | Frame::Input { .. } | Frame::Keys(_) => (),
            }
        }
        if stream.read_buf(&mut buffer).await.ok()? == 0 {
            return None;
        }
    }
}
