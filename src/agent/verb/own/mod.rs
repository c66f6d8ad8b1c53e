//! `gaia self`: what an agent may ask, for itself and for nothing else.

mod ask;
mod common;
mod hook;
mod message;
mod permit;
mod remember;
mod report;
mod services;
mod whoami;

crate::verbs!(crate::agent::actor::Handle =>
    whoami::Whoami, ask::Ask, report::Report, report::Finish, message::Send, message::Messages,
    services::Services, services::Logs, services::Screen, services::WaitReady, services::Restart,
    remember::Remember, permit::Permit, hook::Hook, hook::Refused,
);
