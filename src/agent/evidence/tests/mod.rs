//! What screens and signs make of an agent, in tables and at random.

mod rules;
mod screen;
mod watch;
