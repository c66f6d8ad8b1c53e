//! Agents: real programs in real panes and worktrees, from the word of a person to merged work.

mod crew;
mod deliver;
mod ends;
mod fence;
mod inbox;
mod kills;
mod queue;
mod repos;
mod sweep;
pub mod yard;
