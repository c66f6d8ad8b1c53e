//! Scaffolding is served by the daemon and by every command for itself: the same ports for both.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use crate::{
    adapter::{SystemBeneath, SystemCage, SystemClock, SystemFiles, SystemGround, SystemProber},
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
        ground: Arc::new(ground(env)),
        beneath: Arc::new(SystemBeneath),
        cage: Arc::new(SystemCage::new(exe)),
        clock: Arc::new(SystemClock::start()),
        files: Arc::new(SystemFiles),
        prober: Arc::new(SystemProber),
    };
    Handle::new(home, ports, env, asker)
}

#[cfg(debug_assertions)]
fn ground(env: &BTreeMap<String, String>) -> SystemGround {
    let at = env.get("GAIA_SCAFFOLD_CRASH_AT").and_then(|at| at.parse().ok());
    SystemGround { fuse: at.map(crate::adapter::crash::Fuse::new) }
}

#[cfg(not(debug_assertions))]
fn ground(_env: &BTreeMap<String, String>) -> SystemGround {
    SystemGround::default()
}
