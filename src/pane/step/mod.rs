//! Commands of workflow steps, which have no pane: `gaia pane --steps <home>`.
//!
//! The *host* is one small process of the daemon's. For each order on its standard input (a socket
//! that nobody else can reach: what is ordered there runs outside of every fence) it forks a
//! *shim*, which claims the folder of the attempt, runs the command, keeps what it writes, ends all
//! that it leaves behind and writes how it ended. The home is named for those who look at the list
//! of processes.
//!
//! Rooms: `host` (its loop), `shim` (one attempt), `start` (its command), `quick` (the same for plain
//! ones), `ending` (how it is
//! stopped and what is left), `traces` (what it writes), `trouble` (what tests do to it).
//!
//! Invariants:
//! - An attempt runs at most once: its claim is a link that only one process can make.
//! - The host may die at any time, and so may the daemon: shims go on.
//! - `exit.json` is written when nothing of the attempt runs any more.
//! - Neither claim nor exit are forced to the disk. What a power failure takes away is not missed:
//!   the intent, which is forced, names the boot, and an attempt of another boot without a readable
//!   exit is lost, never "not begun".

mod ending;
mod host;
mod quick;
mod shim;
mod start;
mod traces;
mod trouble;

use std::process::ExitCode;

/// Serves the daemon until that is gone. A shim comes back from here as well.
pub(super) fn host() -> Result<ExitCode, String> {
    host::run()
}
