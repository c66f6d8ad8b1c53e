//! The pane of a definition.

use std::path::Path;

use toml::Spanned;

use super::{
    load::{Heritage, Loader},
    raw::{RawPane, RawStop},
};
use crate::{
    base::Name,
    define::{self, Page},
    session::model::{Command, Pane, StopRule},
};

impl Loader<'_> {
    /// One pane, with what it inherits from its window.
    pub(super) fn pane(
        &mut self,
        page: &Page<'_>,
        raw: RawPane,
        from: &Heritage,
        before: &[Pane],
    ) -> Option<Pane> {
        let command = self.command(page, &raw)?;
        let name = match &raw.name {
            Some(text) => self.name(page, text)?,
            None => own_name(&command, before),
        };
        let heritage =
            self.inherit(page, from.clone(), raw.dir, (raw.env, raw.env_files, raw.pass_env));
        let limits = define::limits(page, &mut self.faults, raw.limits);
        Some(Pane {
            name,
            command,
            dir: heritage.dir,
            env: heritage.env,
            env_files: heritage.env_files,
            pass_env: heritage.pass_env,
            on_exit: raw.on_exit,
            on_server_exit: raw.on_server_exit,
            autostart: raw.autostart,
            focus: raw.focus.is_some_and(Spanned::into_inner),
            stop: self.stop(page, raw.stop),
            limits,
            added: false,
        })
    }

    fn command(&mut self, page: &Page<'_>, raw: &RawPane) -> Option<Command> {
        if let Some(service) = &raw.service {
            if raw.run.is_some() || raw.command.is_some() {
                let what = "a pane shows a service or runs something, not both";
                self.faults.push(page.fault(service.span(), what));
            }
            return Some(Command::Service(service.get_ref().clone()));
        }
        let words = (raw.run.as_ref(), raw.command.as_ref());
        let command = define::argv(page, &mut self.faults, "a pane", words).ok()?;
        Some(command.unwrap_or(Command::Shell))
    }

    fn stop(&mut self, page: &Page<'_>, raw: Option<RawStop>) -> StopRule {
        let mut rule = StopRule::default();
        let Some(raw) = raw else { return rule };
        let faults = &mut self.faults;
        let signal = raw.signal.and_then(|word| define::signal_number(page, faults, &word));
        rule.signal = signal.unwrap_or(rule.signal);
        let grace = raw.grace.and_then(|text| define::span_ms(page, faults, &text));
        rule.grace_ms = grace.unwrap_or(rule.grace_ms);
        rule
    }
}

/// A pane without a name is called after its program; the second of a kind gets a number.
fn own_name(command: &Command, before: &[Pane]) -> Name {
    let program = match command {
        Command::Shell => "shell",
        Command::Line(line) => line.split_whitespace().next().unwrap_or("shell"),
        Command::Argv(argv) => argv.first().map_or("shell", String::as_str),
        Command::Service(name) | Command::Task(name) => name,
    };
    let program = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    let base = Name::near(&program, "pane");
    let taken = |name: &Name| before.iter().any(|pane| pane.name == *name);
    let numbered = (2..).map(|n| {
        let cut: String = base.as_str().chars().take(34).collect();
        Name::near(&format!("{cut}-{n}"), "pane")
    });
    std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(base)
}
