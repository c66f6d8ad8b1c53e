//! `gaia agent`: who does the work.

mod attach;
mod drivers;
mod explain;
mod interrupt;
mod list;
mod read;
mod restart;
mod send;
mod show;
mod start;
mod stats;
mod stop;
mod target;
mod wait;

pub(crate) use list::{Row, agent_table, rows};

crate::verbs!(crate::agent::actor::Handle =>
    list::List, show::Show, start::Start, attach::Attach, read::Read, send::Send, wait::Wait,
    interrupt::Interrupt, stop::Stop, restart::Restart, restart::Resume, explain::Explain,
    stats::Stats, drivers::Drivers,
);
