//! The guard in the PATH: gaia under the name of another program. It judges the words it was
//! called with and becomes that program, or says why not.
//!
//! It is a second door, for a good word at the right time: whoever wants to get past it can, and
//! meets the kernel's fence.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::ExitCode,
};

use serde_json::json;

use super::{here, inside};
use crate::{
    adapter::{files, program},
    guard::{Rules, Verdict, judge_argv},
};

/// The codes of a shell: it was found and may not run, it was not found.
const REFUSED: u8 = 126;
const NOT_FOUND: u8 = 127;

/// The name by which gaia stands for another program; `None` if it was called as itself.
pub(super) fn called_as(argv: &[OsString]) -> Option<OsString> {
    let name = Path::new(argv.first()?).file_name()?.to_owned();
    let itself = name == "gaia" || program::own_name().is_some_and(|own| own == name);
    (!itself).then_some(name)
}

/// Judges the call; does not return if it may run.
pub(super) fn main(name: &OsStr, argv: &[OsString], rules: &Path) -> ExitCode {
    let mut words: Vec<String> = argv.iter().map(|w| w.to_string_lossy().into_owned()).collect();
    if let Some(first) = words.first_mut() {
        *first = name.to_string_lossy().into_owned();
    }
    let rules = match read(rules) {
        Ok(rules) => rules,
        Err(why) => {
            eprintln!("gaia: `{}` may not run: {why}", words[0]);
            eprintln!("gaia: this is a fault of the guard; tell the person about it");
            return ExitCode::from(REFUSED);
        }
    };
    match judge_argv(&rules, &words) {
        Verdict::Allow => become_it(name, argv),
        Verdict::Deny { rule, part } => {
            eprintln!("gaia: `{part}` is not allowed here, by the rule `{rule}`");
            eprintln!("gaia: {}", instead(&rule));
            tell(&shell_words::join(&words), &rule);
            ExitCode::from(REFUSED)
        }
    }
}

fn read(rules: &Path) -> Result<Rules, String> {
    let text = files::read_text(rules)?;
    serde_json::from_str(&text).map_err(|e| format!("{} is damaged: {e}", rules.display()))
}

/// What to do instead of what the rule denies.
fn instead(rule: &str) -> &'static str {
    let mut words = rule.split_whitespace();
    match (words.next(), words.next()) {
        (Some("git"), Some("push" | "send-pack" | "remote"))
        | (Some("gh" | "glab"), Some("pr" | "mr")) => {
            "commit on your own branch and finish the task: gaia brings the work where it belongs"
        }
        (Some("rm"), _) => "remove the files that you made, one by one, by their names",
        (Some("tmux" | "gaia"), _) => {
            "leave that to the person; the tools of gaia list what you can ask for"
        }
        _ => {
            "leave that to the person: say in your report what has to be done, or ask with `ask_human`"
        }
    }
}

/// The daemon keeps the account; nobody waits for it.
fn tell(what: &str, rule: &str) {
    if let Ok(here) = here::read() {
        let body = json!({ "what": what, "rule": rule });
        let _ =
            inside::post(&here.home.api_socket(), "/v1/self/refused", &body, inside::at_most(100));
    }
}

fn become_it(name: &OsStr, argv: &[OsString]) -> ExitCode {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(file) = program::next_of(name, &path) else {
        eprintln!("gaia: {}: there is no such program in the PATH", name.to_string_lossy());
        return ExitCode::from(NOT_FOUND);
    };
    let (called, args) = argv.split_first().map_or((name, argv), |(c, args)| (c.as_os_str(), args));
    // A path would lead the program back to the guard's folder.
    let called = if Path::new(called).components().count() > 1 { file.as_os_str() } else { called };
    let error = program::become_as(&file, called, args);
    eprintln!("gaia: {} cannot be started: {error}", file.display());
    ExitCode::from(REFUSED)
}
