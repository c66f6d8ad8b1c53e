//! What can be asked of services. To add a verb: add a file, add it to the list.

mod add;
mod attach;
mod bring;
mod common;
mod down;
mod events;
mod health;
mod import_from;
mod list;
pub(super) mod logs;
mod metrics;
mod remove;
mod reset;
mod restart;
mod scale;
mod set;
mod show;
mod signal;
mod start;
mod status;
mod stop;
mod text;
mod up;
mod why;

pub(super) use common::stopped;
pub(crate) use common::{service_table, views};
pub(super) use restart::restart;
pub(super) use set::Set;
pub(super) use start::start;
pub(super) use stop::stop;

crate::verbs!(super::actor::Handle =>
    list::List, show::Show, start::Start, stop::Stop, restart::Restart, status::Status,
    logs::Logs, health::Health, metrics::Metrics, events::Events, why::Why, attach::Attach,
    add::Add, remove::Remove, signal::Signal, scale::Scale, reset::Reset, import_from::Import,
);

/// The verbs that stand at the top of the command line.
pub(crate) mod top {
    crate::verbs!(crate::service::actor::Handle =>
        super::up::Up, super::down::Down,
    );
}
