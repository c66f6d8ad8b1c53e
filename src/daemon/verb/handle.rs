use std::sync::Arc;

use tokio::sync::Notify;

use crate::base::{Home, Moment};

/// What the daemon knows of itself.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(super) home: Home,
    pub(super) started: Moment,
    end: Arc<Notify>,
}

impl Handle {
    /// `end` is notified when the daemon shall end.
    pub(in crate::daemon) fn new(home: Home, started: Moment, end: Arc<Notify>) -> Self {
        Self { home, started, end }
    }

    /// Asks the daemon to end once the present answers are out.
    pub(super) fn end(&self) {
        self.end.notify_one();
    }
}
