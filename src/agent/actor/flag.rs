//! How many items wait for a person, shown in the status line of the sessions they belong to.

use std::collections::BTreeMap;

use super::World;

/// tmux's option that the status line shows.
const OPTION: &str = "@gaia_inbox";

/// Keeps the flags right, as long as the daemon lives.
pub(super) async fn follow(world: World) {
    let mut changes = world.people.changes();
    let mut shown = BTreeMap::new();
    loop {
        let wanted = flags(&world);
        for (session, text) in &wanted {
            if shown.get(session) != Some(text) {
                // A session that is gone, or a server that is away, shows nothing anyway.
                let _ = world.sessions.ports().tmux.tag(session, OPTION, text).await;
            }
        }
        shown = wanted;
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// The text of each session that tmux shows: empty where nothing waits.
fn flags(world: &World) -> BTreeMap<String, String> {
    let (view, items) = (world.sessions.view(), world.people.view());
    let flag = |session: &crate::session::SessionView| {
        let own = items.open().filter(|item| {
            item.workspace.as_ref().is_some_and(|workspace| {
                let agents = format!("{workspace}-agents");
                session.name == workspace.as_str() || session.name == agents
            })
        });
        let text = match own.count() {
            0 => String::new(),
            waiting => format!("{waiting}?"),
        };
        Some((session.tmux.clone()?, text))
    };
    view.sessions.iter().filter_map(flag).collect()
}
