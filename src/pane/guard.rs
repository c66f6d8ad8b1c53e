//! Who may connect to the shim. A fence does not cover unix sockets, so whoever sits behind one is
//! told by the kernel's word on the peer, and sent away.

use std::{fs, os::unix::net::UnixStream};

use nix::{
    sys::socket::{getsockopt, sockopt::PeerCredentials},
    unistd::getpid,
};

use crate::base::{Stat, no_new_privs};

/// How often the way up from a process is tried.
const TURNS: usize = 4;

/// Whether a peer may talk to this shim. `fenced`: the program of this shim stands behind a fence,
/// and so does everything below the shim.
pub(super) fn may_talk(stream: &UnixStream, fenced: bool) -> bool {
    let Ok(peer) = getsockopt(stream, PeerCredentials) else { return false };
    let (peer, own) = (peer.pid(), getpid().as_raw());
    let Some(bound) = bound(peer) else { return false };
    let stranger = bound && !self::bound(own).unwrap_or(false);
    if stranger || (fenced && !is_apart(peer, own)) {
        return false;
    }
    // Its number may be another's by now if it has ended; then nothing above was about it.
    stat(peer).is_some_and(|stat| !stat.is_dead())
}

/// Whether a process can never gain rights, as everyone behind a fence; `None`: it is gone.
fn bound(pid: i32) -> Option<bool> {
    no_new_privs(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// Whether a process is certainly not below another. Where one on the way up ends meanwhile, its
/// children have just got another parent, and the way is gone once more.
fn is_apart(pid: i32, ancestor: i32) -> bool {
    (0..TURNS).find_map(|_| is_below(pid, ancestor)) == Some(false)
}

fn is_below(mut pid: i32, ancestor: i32) -> Option<bool> {
    while pid > 0 && pid != ancestor {
        pid = stat(pid)?.parent;
    }
    Some(pid == ancestor)
}

fn stat(pid: i32) -> Option<Stat> {
    Stat::read(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}
