//! The one place that reads the environment, the present folder and the terminal.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Read},
    path::PathBuf,
};

use crate::{
    base::{Code, Home, Refusal},
    verb::{Here, Ui},
};

/// Reads what only the caller knows.
pub(super) fn read() -> Result<Here, Refusal> {
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
        .collect();
    let cwd = std::env::current_dir().map_err(|error| {
        Refusal::new(Code::Failed, format!("the present folder cannot be told: {error}"))
            .help("change into a folder that exists")
    })?;
    let home = home(&env, &cwd)?;
    let size = std::io::stdout().is_terminal().then(terminal_size).flatten();
    Ok(Here { cwd, env, home, stdin, read: read_text, size })
}

fn home(env: &BTreeMap<String, String>, cwd: &std::path::Path) -> Result<Home, Refusal> {
    let set = |name: &str| env.get(name).filter(|v| !v.is_empty());
    let root = match (set("GAIA_HOME"), set("HOME")) {
        (Some(root), _) => cwd.join(root),
        (None, Some(home)) => PathBuf::from(home).join(".gaia"),
        (None, None) => {
            return Err(Refusal::new(Code::Invalid, "neither GAIA_HOME nor HOME is set")
                .help("set GAIA_HOME to the folder in which gaia shall keep its state"));
        }
    };
    Home::new(root)
}

fn terminal_size() -> Option<(u16, u16)> {
    crate::adapter::process::terminal_size()
}

fn read_text(path: &std::path::Path) -> Result<String, Refusal> {
    crate::adapter::files::read_text(path).map_err(|what| Refusal::new(Code::Invalid, what))
}

fn stdin() -> Result<Vec<u8>, Refusal> {
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Refusal::new(Code::Invalid, "there is no text: standard input is a terminal")
            .help("give the text as an argument, or pipe it in"));
    }
    let mut text = Vec::new();
    stdin.read_to_end(&mut text).map_err(|e| super::world("standard input", &e))?;
    Ok(text)
}

/// How to print for whoever reads standard output.
pub(super) fn ui(here: &Here) -> Ui {
    Ui { colour: here.wants_colour(), width: here.size.map(|(cols, _)| cols) }
}

/// This executable, for the daemon and the shims.
pub(super) fn exe() -> Result<PathBuf, Refusal> {
    std::env::current_exe().map_err(|e| super::world("gaia cannot find its own executable", &e))
}
