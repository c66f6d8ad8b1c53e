//! What starts runs of workflows and commands: the clock, files that change, calls from outside,
//! facts of the ledger.

mod cron;
mod file;
mod fill;
mod machine;
mod model;
mod sign;
