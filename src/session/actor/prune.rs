//! Ends sessions that nobody looks at and in which nothing works.

use std::time::Duration;

use super::{Handle, What};
use crate::{
    base::Refusal,
    session::{
        record::Life,
        view::{PaneView, SessionView},
    },
};

/// What pruning did.
pub(crate) struct Pruned {
    /// Sessions that have ended (or would).
    pub(crate) ended: Vec<String>,
    /// Sessions that stay, each with the reason.
    pub(crate) kept: Vec<String>,
}

/// Looks at the sessions a few times per idle span, but not more often than this.
const OFTEN: Duration = Duration::from_secs(60);

/// Prunes for as long as the daemon runs, if it is configured.
#[expect(clippy::disallowed_methods, reason = "nothing tells when a session becomes idle")]
pub(super) fn keep_pruning(sessions: Handle, idle: Duration) {
    if idle.is_zero() {
        return;
    }
    tokio::spawn(async move {
        loop {
            tokio::time::sleep((idle / 4).max(OFTEN)).await;
            if let Err(refusal) = prune(&sessions, idle, false).await {
                tracing::warn!(%refusal, "idle sessions cannot be ended");
            }
        }
    });
}

/// Ends every session that has been idle for `idle`.
pub(crate) async fn prune(
    sessions: &Handle,
    idle: Duration,
    dry_run: bool,
) -> Result<Pruned, Refusal> {
    let (mut ended, mut kept) = (vec![], vec![]);
    for session in sessions.view().sessions.iter().filter(|s| s.phase.is_some()) {
        match (busy(sessions, session, idle).await, session.name.parse()) {
            (Some(why), _) => kept.push(format!("{}: {why}", session.name)),
            (None, Ok(name)) => {
                if !dry_run {
                    sessions.close(What::Session(name)).await?;
                }
                ended.push(session.name.clone());
            }
            (None, Err(_)) => (),
        }
    }
    Ok(Pruned { ended, kept })
}

/// Why a session must stay; `None` if nothing speaks for it.
async fn busy(sessions: &Handle, session: &SessionView, idle: Duration) -> Option<String> {
    if session.attached > 0 {
        return Some("a terminal is attached".to_owned());
    }
    let now = sessions.ports().clock.now();
    let mut last = session.activity.saturating_mul(1_000).max(session.created.0);
    for pane in session.windows.iter().flat_map(|window| &window.panes) {
        if works(sessions, pane) {
            return Some(format!("`{}` works in {}", pane.command, pane.title));
        }
        if let Some(id) = &pane.id {
            let marks = sessions.ports().units.marks(id, u64::MAX, usize::MAX).await;
            last = last.max(marks.ok()?.last().map_or(0, |mark| mark.at_us / 1_000));
        }
    }
    let quiet = Duration::from_millis(now.0.saturating_sub(last));
    (quiet < idle).then(|| format!("idle for {} s only", quiet.as_secs()))
}

/// A program works unless it is a shell at its prompt; only what runs can work.
fn works(sessions: &Handle, pane: &PaneView) -> bool {
    match (pane.state, pane.pid) {
        (Life::Held | Life::Exited | Life::Closed | Life::Lost, _) => false,
        (Life::Starting, _) | (Life::Running, None) => true,
        (Life::Running, Some(pid)) => !sessions.ports().processes.is_idle_shell(pid),
    }
}
