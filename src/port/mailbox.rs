use std::path::PathBuf;

use tokio::sync::mpsc;

use crate::base::UnitId;

/// Where programs say how they are, in the way of sd_notify(3): one datagram socket per unit.
pub trait Mailbox: Send + Sync {
    /// Opens the socket of a unit and says its path, which goes into `NOTIFY_SOCKET`.
    fn open(&self, unit: &UnitId) -> Result<PathBuf, String>;
    /// Closes it.
    fn close(&self, unit: &UnitId);
    /// What units say from now on: the text of each datagram.
    fn messages(&self) -> mpsc::UnboundedReceiver<(UnitId, String)>;
}
