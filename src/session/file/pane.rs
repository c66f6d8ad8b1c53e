//! The pane of a definition.

use std::{collections::BTreeMap, path::Path};

use toml::Spanned;

use super::{
    load::{Heritage, Loader, Page},
    raw::{RawPane, RawStop},
};
use crate::{
    base::{Name, SIGNALS, duration, signal},
    session::model::{Command, Pane, StopRule},
};

/// Names that `limits` may have.
const LIMITS: &[&str] =
    &["nofile", "core", "nproc", "as", "fsize", "cpu", "data", "stack", "memlock"];

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
        let limits = self.limits(page, raw.limits);
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
        let (what, at) = match (&raw.run, &raw.command) {
            (None, None) => return Some(Command::Shell),
            (Some(_), Some(argv)) => ("a pane has `run` or `command`, not both", argv.span()),
            (Some(line), None) if line.get_ref().trim().is_empty() => {
                ("`run` is empty", line.span())
            }
            (Some(line), None) if line.get_ref().contains('\0') => {
                ("`run` holds a zero byte", line.span())
            }
            (Some(line), None) => return Some(Command::Line(line.get_ref().clone())),
            (None, Some(argv)) if argv.get_ref().first().is_none_or(String::is_empty) => {
                ("`command` names no program", argv.span())
            }
            (None, Some(argv)) if argv.get_ref().iter().any(|word| word.contains('\0')) => {
                ("`command` holds a zero byte", argv.span())
            }
            (None, Some(argv)) => return Some(Command::Argv(argv.get_ref().clone())),
        };
        let help = "run = \"a shell line\", or command = [\"program\", \"argument\"], or neither for a shell";
        self.faults.push(page.fault(at, what).help(help));
        None
    }

    fn stop(&mut self, page: &Page<'_>, raw: Option<RawStop>) -> StopRule {
        let mut rule = StopRule::default();
        let Some(raw) = raw else { return rule };
        if let Some(word) = raw.signal {
            match signal(word.get_ref()) {
                Some(number) => rule.signal = number,
                None => {
                    let known: Vec<&str> = SIGNALS.iter().map(|(name, _)| *name).collect();
                    let what = format!("`{}` is no signal", word.get_ref());
                    let help = format!("one of {}", known.join(", "));
                    self.faults.push(page.fault(word.span(), what).help(help));
                }
            }
        }
        if let Some(text) = raw.grace {
            match duration(text.get_ref()) {
                Some(grace) => rule.grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
                None => {
                    let what = format!("`{}` is no span of time", text.get_ref());
                    self.faults
                        .push(page.fault(text.span(), what).help("write it like 5s, 1m 30s or 2h"));
                }
            }
        }
        rule
    }

    fn limits(
        &mut self,
        page: &Page<'_>,
        raw: BTreeMap<String, Spanned<u64>>,
    ) -> BTreeMap<String, u64> {
        let mut limits = BTreeMap::new();
        for (name, limit) in raw {
            if !LIMITS.contains(&name.as_str()) {
                let what = format!("there is no limit `{name}`");
                let help = format!("one of {}", LIMITS.join(", "));
                self.faults.push(page.fault(limit.span(), what).help(help));
            }
            limits.insert(name, limit.into_inner());
        }
        limits
    }
}

/// A pane without a name is called after its program; the second of a kind gets a number.
fn own_name(command: &Command, before: &[Pane]) -> Name {
    let program = match command {
        Command::Shell => "shell",
        Command::Line(line) => line.split_whitespace().next().unwrap_or("shell"),
        Command::Argv(argv) => argv.first().map_or("shell", String::as_str),
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
