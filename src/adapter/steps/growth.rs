//! Learns from the kernel that a log has grown.

use std::{io, path::PathBuf};

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use tokio::sync::watch;

use super::read;
use crate::{
    adapter::{files, sys},
    base::step,
};

/// The length of a log as it grows; watched for as long as somebody has the receiver.
pub(super) fn growth(folder: PathBuf) -> watch::Receiver<u64> {
    let (sender, receiver) = watch::channel(0);
    tokio::spawn(async move {
        tokio::select! {
            done = follow(folder, &sender) => if let Err(error) = done {
                tracing::debug!(%error, "the log of a step cannot be watched");
            },
            () = sender.closed() => (),
        }
    });
    receiver
}

async fn follow(folder: PathBuf, sender: &watch::Sender<u64>) -> io::Result<()> {
    files::private_dir(&folder)?;
    let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
    let what = AddWatchFlags::IN_MODIFY
        | AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_MOVED_TO
        | AddWatchFlags::IN_DELETE_SELF;
    inotify.add_watch(&folder, what | AddWatchFlags::IN_ONLYDIR)?;
    let inotify = sys::readable(inotify.into())?;
    let mut events = [0; 4096];
    loop {
        let ended = folder.join(step::EXIT).exists() || !folder.exists();
        let length = read::length(&folder);
        sender.send_if_modified(|known| std::mem::replace(known, length) != length);
        if ended {
            return Ok(());
        }
        let mut ready = inotify.readable().await?;
        // Whatever happened: a look tells more than the events do.
        while let Ok(read) = ready.try_io(|fd| Ok(nix::unistd::read(fd, &mut events)?)) {
            read?;
        }
    }
}
