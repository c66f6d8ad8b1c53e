//! What a new definition means for a service that is there already.

use super::model::Service;

/// What a change asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// The new rules hold from now on; the process goes on.
    Note,
    /// Another process.
    Restart,
}

/// The least that brings `old` to `new`.
pub(crate) fn change(old: &Service, new: &Service) -> Change {
    if old == new {
        return Change::None;
    }
    let process = |s: &Service| {
        let run = (s.kind.clone(), s.command.clone(), s.dir.clone(), s.pre_start.clone());
        let env = (s.env.clone(), s.env_files.clone(), s.pass_env.clone(), s.secrets.clone());
        let who = (s.user.clone(), s.group.clone(), s.user_if_root.clone());
        (run, env, who, s.limits.clone(), s.ports.clone())
    };
    if process(old) == process(new) { Change::Note } else { Change::Restart }
}
