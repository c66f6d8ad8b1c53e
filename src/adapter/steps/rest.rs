//! What the shim of an attempt left behind when it was killed.

use std::{fs, os::unix::ffi::OsStrExt, path::Path, time::Duration};

use crate::{
    adapter::{process, sys, tree},
    base::{Stat, step::MARK},
};

/// How long killed processes may take to be gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// Kills every process whose environment names this attempt, and waits until they are gone. The
/// program itself dies with its shim, and the host ends what comes to it; this is for those who had
/// neither. One that wiped its environment cannot be told from others.
pub(super) async fn end(folder: &Path) {
    let all = async {
        loop {
            let left = marked(folder);
            if left.is_empty() {
                return;
            }
            for pid in left {
                let fd = sys::pidfd(pid);
                let _ = process::signal(pid, libc::SIGKILL);
                if let Some(fd) = fd {
                    let _ = super::ended(fd).await;
                }
            }
        }
    };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::warn!(folder = %folder.display(), "what a step left behind does not die");
    }
}

fn marked(folder: &Path) -> Vec<i32> {
    let mark = [MARK.as_bytes(), b"=", folder.as_os_str().as_bytes()].concat();
    let is = |pid: &i32| {
        let env = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        env.split(|byte| *byte == 0).any(|entry| entry == mark) && lives(*pid)
    };
    tree::pids().filter(is).collect()
}

fn lives(pid: i32) -> bool {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    Stat::read(&text).is_some_and(|stat| !stat.is_dead())
}
