use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{Any, Faults, Page, Text};

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// The login shell of the person.
    Shell,
    /// A line for `sh -c`, exactly as written.
    Line(String),
    /// Program and arguments, no shell involved.
    Argv(Vec<String>),
    /// What the service of this name runs; started by the service, not by the session.
    Service(String),
    /// What an attempt at the task of this name runs; started by the agents, not by the session.
    Task(String),
}

impl Command {
    /// The command as a person would type it.
    #[must_use]
    pub fn show(&self) -> String {
        match self {
            Self::Shell => "shell".to_owned(),
            Self::Line(line) => line.clone(),
            Self::Argv(argv) => shell_words::join(argv),
            Self::Service(name) => format!("service {name}"),
            Self::Task(name) => format!("task {name}"),
        }
    }

    /// Whether its pane waits until somebody else than the session says what it runs.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Service(_) | Self::Task(_))
    }
}

/// The command of `run = "…"` or `command = […]`; `Ok(None)` if neither is there. `who` is what
/// has it, e.g. `a pane`.
pub(crate) fn argv(
    page: &Page<'_>,
    faults: &mut Faults,
    who: &str,
    (run, command): (Option<&Text>, Option<&Spanned<Vec<String>>>),
) -> Result<Option<Command>, ()> {
    let (what, at) = match (run, command) {
        (None, None) => return Ok(None),
        (Some(_), Some(argv)) => (format!("{who} has `run` or `command`, not both"), argv.span()),
        (Some(line), None) if line.get_ref().trim().is_empty() => {
            ("`run` is empty".to_owned(), line.span())
        }
        (Some(line), None) if line.get_ref().contains('\0') => {
            ("`run` holds a zero byte".to_owned(), line.span())
        }
        (Some(line), None) => return Ok(Some(Command::Line(line.get_ref().clone()))),
        (None, Some(argv)) if argv.get_ref().first().is_none_or(String::is_empty) => {
            ("`command` names no program".to_owned(), argv.span())
        }
        (None, Some(argv)) if argv.get_ref().iter().any(|word| word.contains('\0')) => {
            ("`command` holds a zero byte".to_owned(), argv.span())
        }
        (None, Some(argv)) => return Ok(Some(Command::Argv(argv.get_ref().clone()))),
    };
    let help = "run = \"a shell line\", or command = [\"program\", \"argument\"]";
    faults.push(page.fault(at, what).help(help));
    Err(())
}

/// A command that stands for itself: a shell line, or program and arguments.
pub(crate) fn command_of(page: &Page<'_>, faults: &mut Faults, raw: &Any) -> Option<Command> {
    let command = one(raw.get_ref());
    if command.is_none() {
        let help = "write \"a shell line\", or [\"program\", \"argument\"]";
        faults.push(page.fault(raw.span(), "this is no command").help(help));
    }
    command
}

/// Commands in order: one shell line, or a list of shell lines and argument lists.
pub(crate) fn commands_of(page: &Page<'_>, faults: &mut Faults, raw: &Any) -> Vec<Command> {
    let commands = match raw.get_ref() {
        toml::Value::Array(all) => all.iter().map(one).collect(),
        other => one(other).map(|command| vec![command]),
    };
    commands.unwrap_or_else(|| {
        let help = "write [\"a shell line\", [\"program\", \"argument\"]]";
        faults.push(page.fault(raw.span(), "this is no list of commands").help(help));
        vec![]
    })
}

fn one(value: &toml::Value) -> Option<Command> {
    let good = |text: &str| !text.trim().is_empty() && !text.contains('\0');
    match value {
        toml::Value::String(line) if good(line) => Some(Command::Line(line.clone())),
        toml::Value::Array(words) => {
            let words: Option<Vec<String>> =
                words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
            let words = words?;
            let zero = words.iter().any(|word| word.contains('\0'));
            (words.first().is_some_and(|program| good(program)) && !zero)
                .then_some(Command::Argv(words))
        }
        _ => None,
    }
}

/// Program and arguments of a command; `shell` is the person's.
pub(crate) fn program(command: &Command, shell: &str) -> Vec<String> {
    match command {
        Command::Shell => vec![shell.to_owned()],
        Command::Line(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
        Command::Argv(argv) => argv.clone(),
        Command::Service(_) | Command::Task(_) => vec![],
    }
}
