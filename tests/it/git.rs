//! The contract of the git port, with real repositories.

mod crash;
mod hostile;
mod landing;
mod repo;
mod speed;
mod work;
mod worktrees;
mod yard;
