//! Agents: real programs in real panes and worktrees, from the word of a person to merged work.

mod crew;
mod ends;
mod inbox;
mod kills;
mod queue;
mod repos;
mod sweep;
mod yard;
