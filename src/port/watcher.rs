use std::path::PathBuf;

use tokio::sync::mpsc;

/// Tells when files change. Dropping the receiver ends it.
pub trait Watcher: Send + Sync {
    /// Watches files below a folder that match a glob of `paths` and none of `ignore`; version
    /// control, dependencies and build results do not count unless a glob names their folder. Tells
    /// the paths that changed.
    fn watch(
        &self,
        root: PathBuf,
        paths: &[String],
        ignore: &[String],
    ) -> Result<mpsc::UnboundedReceiver<PathBuf>, String>;
    /// Files below a folder that changed after a moment, newest first, at most `limit`.
    fn changed_since(&self, root: PathBuf, at: crate::base::Moment, limit: usize) -> Vec<PathBuf>;
}
