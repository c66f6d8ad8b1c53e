//! Procfiles, process-compose, compose and JSON lists of services as `[services.*]` tables.
//!
//! Pure: texts in, a [`Draft`] out, whose text gaia's own loader takes. Nothing is dropped in
//! silence: a key that is known and has no equivalent is named with its service, one that is not
//! known is an error. Every reader takes the [`Sheet`] of its file, which collects both.
//!
//! - `sheet`: keys, values, what is wrong, what stays behind
//! - `vars`, `shell`: `$NAME` and `{{`, which mean other things here than there
//! - `names`, `edges`: what all services of a file must have together
//! - one file (or folder) per format; `write`: from the draft to TOML

mod compose;
mod draft;
mod edges;
mod json;
mod names;
mod process_compose;
mod procfile;
mod sheet;
mod shell;
mod vars;
mod words;
mod write;

pub(crate) use draft::{Draft, DraftService};
use sheet::Sheet;

use crate::{
    base::ConfigError,
    define::{
        self, Page,
        yaml::{self as node, Node, Value},
    },
    session::Source,
};

/// Text of a file beside the one that is carried over, e.g. of `.env`.
pub(crate) type Beside<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What services can be carried over from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Lines of `name: command`.
    Procfile,
    /// A process-compose.yaml.
    ProcessCompose,
    /// A compose.yaml of docker or podman.
    Compose,
    /// A list of services with `name` and `command`.
    Json,
}

impl Format {
    /// What the tool calls such a file.
    pub(crate) fn show(self) -> &'static str {
        match self {
            Self::Procfile => "Procfile",
            Self::ProcessCompose => "process-compose",
            Self::Compose => "compose",
            Self::Json => "JSON",
        }
    }
}

/// The format of a file, by its keys first: both kinds of compose files have the same names.
pub(crate) fn detect(file_name: &str, text: &str) -> Option<Format> {
    let lower = file_name.rsplit('/').next().unwrap_or(file_name).to_ascii_lowercase();
    if lower == "procfile" || lower.starts_with("procfile.") || lower.ends_with("procfile") {
        return Some(Format::Procfile);
    }
    let page = Page { path: file_name, text };
    let top = node::parse(&page, &mut vec![]);
    let by_keys = top.as_ref().and_then(by_keys);
    let named = [".yaml", ".yml", ".json", ".toml"].iter().any(|end| lower.ends_with(end));
    match top {
        // A broken file is still somebody's: who reads it says where it is broken.
        None => by_lines(text).filter(|format| *format != Format::Procfile || !named),
        // Some Procfiles are YAML too.
        Some(top) => by_keys.or_else(|| (!named && is_procfile(&top)).then_some(Format::Procfile)),
    }
}

fn by_keys(top: &Node) -> Option<Format> {
    let is_table =
        |key: &str| top.get(key).is_some_and(|node| !matches!(node.value, Value::List(_)));
    let has_command = |node: &Node| node.get("command").is_some();
    if top.get("processes").is_some() {
        return Some(Format::ProcessCompose);
    }
    if is_table("services") || top.get("include").is_some() {
        return Some(Format::Compose);
    }
    let listed = match &top.value {
        Value::List(items) => items.iter().any(has_command),
        _ => false,
    };
    let named = top.entries().iter().any(|(_, node)| has_command(node));
    let is_json = listed || named || has_command(top) || top.get("services").is_some();
    // A Procfile of one word a line is YAML too.
    is_json.then_some(Format::Json)
}

fn is_procfile(top: &Node) -> bool {
    let texts = top.entries().iter().all(|(_, node)| matches!(node.value, Value::Text(_)));
    texts && !top.entries().is_empty()
}

fn by_lines(text: &str) -> Option<Format> {
    let begins = |key: &str| text.lines().any(|line| line.trim_end().starts_with(key));
    let entry = |line: &str| line.split_once(": ").is_some_and(|(name, _)| !name.contains(' '));
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if begins("processes:") {
        return Some(Format::ProcessCompose);
    }
    if begins("services:") {
        return Some(Format::Compose);
    }
    if text.trim_start().starts_with(['{', '[']) {
        return Some(Format::Json);
    }
    (lines.clone().next().is_some() && lines.all(entry)).then_some(Format::Procfile)
}

/// Carries services over. `native` takes the catalog's own entry for what compose would run in a
/// container, where there is one.
pub(crate) fn read(
    format: Format,
    source: &Source,
    beside: Beside<'_>,
    native: bool,
) -> Result<Draft, Vec<ConfigError>> {
    let mut faults = Vec::new();
    let Some(text) = define::text_of(&source.path, &source.bytes, &mut faults) else {
        return Err(faults);
    };
    // A byte order mark is no part of the first name.
    let text = text.trim_start_matches('\u{feff}');
    let page = Page { path: &source.path, text };
    if let Some(at) = text.find('\0') {
        let fault = page.fault(at..at + 1, "there is a zero byte here");
        return Err(vec![fault.help("no text has one: is it the right file?")]);
    }
    let dotenv = beside(".env");
    let mut sheet = Sheet::new(page, dotenv.as_deref());
    let mut services = if format == Format::Procfile {
        procfile::read(&mut sheet, beside)
    } else {
        let Some(top) = node::parse(&page, &mut sheet.faults) else { return Err(sheet.faults) };
        match format {
            Format::ProcessCompose => process_compose::read(&mut sheet, &top),
            Format::Compose => compose::read(&mut sheet, &top, beside, native),
            Format::Procfile | Format::Json => json::read(&mut sheet, &top),
        }
    };
    edges::part_ports(&mut sheet, &mut services);
    match sheet.faults.is_empty() {
        true => Ok(Draft { services, left: sheet.sentences() }),
        false => {
            sheet.faults.sort_by_key(ConfigError::place);
            Err(sheet.faults)
        }
    }
}

/// Told where programs had everything that whoever started them had.
const CALLER: &str = "programs had the whole environment of whoever started them; here they have the usual variables and those of `pass_env` (\"*\" takes all)";

/// Lets a service have the variables that it speaks of and nothing else gives it.
fn pass(sheet: &Sheet<'_>, service: &mut DraftService, commands: &[String], values: &[String]) {
    let has_port = service.ports.iter().any(|(name, _)| name == "port");
    let own = |name: &String| {
        let declared = service.env.iter().any(|(key, _)| key == name);
        let secret = service.secrets.iter().any(|(key, _)| key == name);
        declared || secret || (has_port && name == "PORT")
    };
    let in_file = |name: &String| {
        let known = sheet.dotenv.as_ref().is_some_and(|env| env.contains_key(name));
        known && service.env_files.iter().any(|file| file == ".env")
    };
    let wanted = commands.iter().filter(|name| !own(name)).chain(values);
    let mut names: Vec<String> = wanted.filter(|name| !in_file(name)).cloned().collect();
    names.append(&mut service.pass_env);
    names.sort();
    names.dedup();
    service.pass_env = names;
}

#[cfg(test)]
mod tests;
