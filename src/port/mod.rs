//! What gaia asks of the world: one small trait per outside thing, with an in-memory fake where a
//! test needs one.
//!
//! Invariant: a port speaks in gaia's words and never leaks an adapter's types.

mod beneath;
mod clock;
mod files;
mod git;
mod ground;
mod mailbox;
mod notifier;
mod past;
mod prober;
mod processes;
mod random;
mod steps;
mod steps_fake;
mod store;
mod tmux;
mod tmux_fake;
mod units;
mod units_fake;
mod watcher;

pub use beneath::{Beneath, Held, Seen};
pub use clock::{Clock, FakeClock};
pub use files::{FakeFiles, Files};
pub use git::{
    Branch, Carry, Change, ChangeKind, Committed, ConflictFile, DiffStat, Git, GitError, Head, How,
    Land, Landing, NewWork, Publish, Published, Repo, Rescue, Rescued, Sha, Who, Work, WorkState,
    Worktree,
};
pub use ground::{Cage, Ground, Lies};
pub use mailbox::Mailbox;
pub use notifier::{FakeNotifier, Notifier};
pub use past::{Checkout, Past, PastFile, Unmerged};
pub use prober::{HttpAnswer, HttpAsk, ProbeError, Prober, Ran, Run};
pub use processes::{FakeProcesses, Holder, Processes, Usage};
pub use random::{FakeRandom, Random};
pub use steps::{StepEnd, StepError, StepFile, StepSpec, Steps};
pub use steps_fake::{FakeSteps, Play};
pub use store::{Entries, Entry, FakeStore, Op, Store, StoreError};
pub use tmux::{Capture, Listing, Made, NewPane, Place, SeenPane, Server, Tmux, TmuxError};
pub use tmux_fake::FakeTmux;
pub use units::{Found, LogSpan, UnitError, UnitEvent, Units};
pub use units_fake::FakeUnits;
pub use watcher::Watcher;
