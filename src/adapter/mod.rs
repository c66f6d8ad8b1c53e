//! The world as it is: each port on top of a real program, file or socket.
#![expect(clippy::disallowed_methods, reason = "this is the room where gaia touches the world")]

pub mod ask;
mod beneath;
pub mod cage;
mod clock;
#[cfg(debug_assertions)]
pub mod crash;
mod disk;
mod fence;
pub mod files;
mod git;
mod ground;
mod lock;
mod logfile;
mod look;
mod mailbox;
mod notifier;
pub mod play;
mod prober;
pub mod process;
pub mod program;
mod random;
mod steps;
mod store;
mod sys;
mod tmux;
mod tree;
mod units;
mod watch;

pub use beneath::SystemBeneath;
pub use cage::SystemCage;
pub use clock::SystemClock;
pub use disk::SystemFiles;
pub use fence::{Caller, landlock_abi, unit_of_caller};
pub use git::{GitOptions, SystemGit};
pub use ground::SystemGround;
pub use lock::{Lock, LockError};
pub use logfile::{LogFile, append};
pub use look::look;
pub use mailbox::SystemMailbox;
pub use notifier::SystemNotifier;
pub use prober::SystemProber;
pub use random::SystemRandom;
pub use steps::SystemSteps;
pub use store::SledStore;
pub use tmux::{TmuxOptions, TmuxServer};
pub use units::SystemUnits;
pub use watch::SystemWatcher;
