//! Templates: `{{.NAME}}` of `vars`, and what the tool itself fills in.

use crate::define::yaml::{Node, Value};
use std::collections::BTreeMap;

use super::Project;
use crate::{
    define::Command,
    service::import::{draft::DraftService, sheet::Sheet, shell, vars},
};

const BRACES: &str = "gaia would look for a value between its braces";

/// What the texts of one process are filled in from.
pub(super) struct Scope<'a> {
    pub(super) project: &'a Project,
    /// Name it has now.
    pub(super) name: &'a str,
    /// Its own `vars` over those of the file.
    pub(super) vars: BTreeMap<String, String>,
    pub(super) replicas: u16,
    /// Its `command` is none.
    pub(super) plain_command: bool,
}

/// The values of a table of `vars`.
pub(super) fn variables(sheet: &mut Sheet<'_>, node: &Node) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    if !matches!(node.value, Value::Table(_)) {
        let what = format!("`vars` is a table of names and values, and this is {}", node.kind());
        sheet.wrong(&node.at, what, "write NAME: value below it");
    }
    for (key, value) in node.entries() {
        fields.extend(sheet.text(value, "vars").map(|text| (key.text.clone(), text)));
    }
    fields
}

impl Scope<'_> {
    /// The text with its templates filled in; what could not be is left as it is, and told.
    pub(super) fn fill(&self, sheet: &mut Sheet<'_>, text: &str, key: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            out += before;
            let Some((inside, after)) = close(after) else {
                out += "{{";
                rest = after;
                continue;
            };
            match self.known(inside.trim()) {
                Some(value) => out += &value,
                None => {
                    let whole = format!("{{{{{inside}}}}}");
                    sheet.leave(
                        self.name,
                        key,
                        &format!("the template `{whole}` is not filled in"),
                    );
                    out += &whole;
                }
            }
            rest = after;
        }
        out + rest
    }

    fn known(&self, word: &str) -> Option<String> {
        // `{{ "{{.X}}" }}` is how one writes braces that mean nothing.
        let quoted = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        if let Some(plain) = quoted.filter(|plain| !plain.contains(['"', '\\'])) {
            return Some(plain.to_owned());
        }
        match word.strip_prefix('.')? {
            "PC_REPLICA_NUM" if self.replicas > 1 => Some(shell::REPLICA.to_string()),
            "PC_REPLICA_NUM" => Some("0".to_owned()),
            name => self.vars.get(name).cloned(),
        }
    }

    /// A line of shell.
    pub(super) fn line(&self, sheet: &mut Sheet<'_>, text: &str, key: &str) -> String {
        let raw = key == "command" && self.plain_command;
        let filled = if raw { text.to_owned() } else { self.fill(sheet, text, key) };
        if !self.project.expands {
            return shell::line(&filled);
        }
        if shell::hides_variable(&filled) {
            let why = "a variable in single quotes was filled in before the shell saw it; here it stays as it is";
            sheet.leave(self.name, key, why);
        }
        // What is left of `$NAME` is filled in by the shell.
        let replica = self.replicas > 1 && filled.contains("PC_REPLICA_NUM");
        let set = if replica {
            format!("export PC_REPLICA_NUM={}\n", shell::REPLICA)
        } else {
            String::new()
        };
        shell::line(&(set + &filled.replace("$$", "$")))
    }

    /// A line as it is run: by the shell of the file if it names one, by bash if it needs it.
    pub(super) fn command(&self, line: String) -> Command {
        let bash = || ("bash".to_owned(), "-c".to_owned());
        let by = self.project.shell.clone().or_else(|| shell::is_bash(&line).then(bash));
        match by {
            Some((program, argument)) if program != "sh" => {
                Command::Argv(vec![program, argument, line])
            }
            _ => Command::Line(line),
        }
    }

    /// A text that gaia takes as it is; `None` if not all of it is known.
    pub(super) fn plain(&self, sheet: &mut Sheet<'_>, node: &Node, key: &str) -> Option<String> {
        let text = sheet.text(node, key)?;
        let filled = self.fill(sheet, &text, key);
        if filled.contains(shell::REPLICA) {
            sheet.leave(
                self.name,
                key,
                "it depends on the number of the replica, which gaia does not fill in there",
            );
            return None;
        }
        let plain = match self.project.expands {
            true => sheet.settle(&filled, self.name, key),
            false => Some(filled),
        };
        if plain.as_ref().is_some_and(|text| text.contains("{{")) {
            sheet.leave(self.name, key, BRACES);
            return None;
        }
        plain
    }

    /// Variables of the process, in gaia's way of writing; names it speaks of.
    pub(super) fn env(
        &self,
        sheet: &mut Sheet<'_>,
        service: &mut DraftService,
        pairs: Vec<(String, Option<String>)>,
    ) -> Vec<String> {
        let mut mentioned = Vec::new();
        for (name, text) in pairs {
            let Some(text) = text else {
                service.pass_env.push(name);
                continue;
            };
            let key = format!("environment.{name}");
            let filled = self.fill(sheet, &text, &key);
            if filled.contains("{{") || filled.contains(shell::REPLICA) {
                sheet.leave(self.name, &key, BRACES);
                continue;
            }
            match self.value(&filled) {
                Ok(value) => {
                    let names = vars::mentioned(&filled).into_iter();
                    mentioned.extend(names.filter(|_| self.project.expands));
                    service.env.push((name, value));
                }
                Err(part) => {
                    let why =
                        format!("`{part}` is more than gaia fills in; write what it stands for");
                    sheet.leave(self.name, &key, &why);
                }
            }
        }
        mentioned
    }
}

impl Scope<'_> {
    /// A value of `env` in gaia's way of writing.
    fn value(&self, text: &str) -> Result<String, String> {
        if self.project.expands { vars::value(text) } else { Ok(vars::literal(text)) }
    }
}

/// What stands before the `}}` that closes, which is not one in quotes.
fn close(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        quoted ^= c == '"';
        if !quoted && text[at..].starts_with("}}") {
            return Some((&text[..at], &text[at + 2..]));
        }
    }
    // An odd quote: the first `}}` then.
    text.split_once("}}")
}
