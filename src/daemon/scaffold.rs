//! Scaffolding is served by the daemon and by every command for itself: the same ports for both.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use crate::{
    adapter::{
        GitOptions, SystemBeneath, SystemCage, SystemClock, SystemFiles, SystemGit, SystemGround,
        SystemProber,
    },
    base::Home,
    scaffold::{Asker, Handle, Ports},
};

/// A handle on the world as it is.
#[must_use]
pub fn scaffold_here(
    home: Home,
    exe: PathBuf,
    env: &BTreeMap<String, String>,
    asker: Option<Arc<dyn Asker>>,
) -> Handle {
    let ports = Ports {
        ground: Arc::new(SystemGround::default()),
        beneath: Arc::new(SystemBeneath),
        cage: Arc::new(SystemCage::new(exe)),
        clock: Arc::new(SystemClock::start()),
        files: Arc::new(SystemFiles),
        past: Arc::new(SystemGit::new(GitOptions::new(home.root().join("git")))),
        prober: Arc::new(SystemProber),
    };
    Handle::new(home, crashing(ports, env), env, asker)
}

/// The same, but dying as a test wants it.
#[cfg(debug_assertions)]
fn crashing(ports: Ports, env: &BTreeMap<String, String>) -> Ports {
    use crate::adapter::crash::{Crashing, Fuse};
    let at = env.get("GAIA_SCAFFOLD_CRASH_AT").and_then(|at| at.parse().ok());
    let Some(fuse) = at.map(Fuse::new) else { return ports };
    Ports {
        ground: Arc::new(SystemGround { fuse: Some(fuse.clone()) }),
        beneath: Arc::new(Crashing { inner: ports.beneath, fuse: fuse.clone() }),
        past: Arc::new(Crashing { inner: ports.past, fuse }),
        ..ports
    }
}

#[cfg(not(debug_assertions))]
fn crashing(ports: Ports, _env: &BTreeMap<String, String>) -> Ports {
    ports
}
