//! Every slice's handle, and which adapter serves which port.

use std::{path::PathBuf, sync::Arc};

use axum::{Router, extract::FromRef};
use tokio::sync::Notify;

use super::verb::{self, Handle};
use crate::{
    adapter::SystemClock,
    base::{Home, Refusal},
    port::Clock,
    verb::Noun,
};

/// All handles; axum takes from it the one that a verb wants.
#[derive(Clone, FromRef)]
pub(super) struct Rooms {
    daemon: Handle,
}

impl Rooms {
    /// Builds the house: opens the store, finds the panes that go on, starts the actors.
    pub(super) async fn build(
        home: &Home,
        _exe: PathBuf,
        end: Arc<Notify>,
    ) -> Result<Self, Refusal> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let daemon = Handle::new(home.clone(), clock.now(), end);
        Ok(Self { daemon })
    }

    /// Mounts every verb.
    pub(super) fn routes(router: Router<Self>) -> Router<Self> {
        verb::routes(router)
    }

    /// Address and token of the TCP listener, if it is configured.
    pub(super) fn tcp(&self) -> Option<(String, String)> {
        None
    }

    /// Returns when everything that was promised is on disk.
    pub(super) async fn close(&self) {}
}

/// Every noun and its verbs: the command line, the routes and both references come from here.
#[must_use]
pub fn nouns() -> Vec<Noun> {
    vec![Noun { name: Some("daemon"), about: "The daemon of this home", entries: verb::entries() }]
}
