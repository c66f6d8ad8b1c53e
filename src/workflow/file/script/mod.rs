//! Scripts whose values come from outside.
//!
//! A value is never part of a script: where `{{ reference }}` stands, the script takes it from a
//! variable of its environment, in a form that fits the quotes around that place. So the shell
//! reads a value once, as one word, whatever is in it. `$name` of an input is left as it is, and
//! the value is a variable of that name.
//!
//! - `lexer`: what is quoted how at each place
//! - `words`: commands that would read a word as a script once more
//!
//! Invariant: where the quotes are in doubt, a reference is a fault.

mod lexer;
mod words;

use std::collections::BTreeMap;

use super::{
    outline::Outline,
    reader::Reader,
    scope::{Scope, Sees},
    sheet::one_or_many,
    variables::is_variable,
};
use crate::{
    define::yaml::{Node, Value},
    workflow::{
        model::{Command, StepIndex},
        text::{Part, Piece, Reference, Root, Template, Wrong, scan},
    },
};

/// What runs a script, by the word for it.
const SHELLS: &[(&[&str], &[&str])] = &[
    (&["sh"], &["/bin/sh", "-e", "-c"]),
    (&["bash"], &["bash", "-e", "-c"]),
    (&["python", "python3"], &["python3", "-c"]),
    (&["node"], &["node", "-e"]),
];

/// Programs that read scripts as sh does.
const LIKE_SH: &[&str] = &["sh", "bash", "dash", "ash", "ksh"];

/// What is written where a value cannot stand.
const USE_ENV: &str = "put it into `env:` and write \"$NAME\" here";

/// The command of a step.
pub(super) fn command(reader: &Reader<'_>, index: StepIndex) -> Command {
    let step = reader.world.step(index);
    let pane = step.fields.flag("pane").unwrap_or(false);
    let mut command = Command { argv: vec![], values: BTreeMap::new(), pane };
    let Some(node) = step.fields.get("run") else { return command };
    match &node.value {
        Value::Text(script) if script.trim().is_empty() || script.contains('\0') => {
            reader.sheet.fault(&node.at, "this is no script", "write `run: make`, for example");
        }
        Value::Text(script) => {
            let shell = shell(reader, step);
            command.argv = shell.iter().map(Template::plain).collect();
            let program = shell.first().and_then(|program| program.rsplit('/').next());
            let mut wrongs = vec![];
            let script = if program.is_some_and(|program| LIKE_SH.contains(&program)) {
                of_shell(reader, index, script, &mut command.values, &mut wrongs)
            } else {
                of_other(&reader.scope(Sees::In(index)), script, &mut wrongs)
            };
            wrongs.into_iter().for_each(|wrong| reader.sheet.wrong(node, node_text(node), wrong));
            command.argv.push(Template::plain(script));
        }
        Value::List(_) => command.argv = argv(reader, index, node),
        Value::Nothing | Value::Table(_) => (),
    }
    command
}

fn node_text(node: &Node) -> &str {
    node.text().unwrap_or_default()
}

/// Program and arguments, without a shell: a value is one argument.
fn argv(reader: &Reader<'_>, index: StepIndex, node: &Node) -> Vec<Template> {
    let step = reader.world.step(index);
    if let Some(at) = step.fields.place("shell") {
        let help = "leave `shell` out, or write the script as one text";
        reader.sheet.fault(at, "a list of arguments is run without a shell", help);
    }
    let mut argv = vec![];
    for item in one_or_many(node) {
        if item.text().is_none_or(|text| text.contains('\0')) {
            let what = format!("an argument is a text, not {}", item.kind());
            reader.sheet.fault(&item.at, what, "");
        }
        argv.push(reader.template(Sees::In(index), item));
    }
    if argv.first().is_none_or(|program| program.0.is_empty()) {
        let help = "write [program, argument]";
        reader.sheet.fault(&node.at, "this names no program", help);
    }
    argv
}

/// What runs the script of a step: the script is its last argument.
fn shell(reader: &Reader<'_>, step: &Outline<'_>) -> Vec<String> {
    let known = |word: &str| {
        let found = SHELLS.iter().find(|(words, _)| words.contains(&word));
        found.map(|(_, argv)| argv.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    };
    let default = || known("sh").unwrap_or_default();
    let Some(node) = step.fields.get("shell") else { return default() };
    if let Some(word) = node.text() {
        return known(word.trim()).unwrap_or_else(|| {
            let help = "write sh, bash, python, node, or a list: [zsh, -c]";
            reader.sheet.fault(&node.at, format!("`{word}` is no shell that is known"), help);
            default()
        });
    }
    let argv = reader.list_of_words(Some(node));
    if argv.first().is_none_or(String::is_empty) {
        reader.sheet.fault(&node.at, "this names no program", "write [zsh, -c], for example");
    }
    argv
}

/// A script of sh, with variables where values stood.
fn of_shell(
    reader: &Reader<'_>,
    index: StepIndex,
    script: &str,
    values: &mut BTreeMap<String, Template>,
    wrongs: &mut Vec<Wrong>,
) -> String {
    let scope = reader.scope(Sees::In(index));
    let mut taken: Vec<(String, Reference)> = vec![];
    let mut variable = |words: &str, at: std::ops::Range<usize>| {
        let reference = match scope.resolve(words) {
            Ok(reference) => reference,
            Err((what, help)) => return Err(Wrong::new(at, what, help)),
        };
        let known = taken.iter().find(|(_, known)| *known == reference);
        let name = known.map(|(name, _)| name.clone());
        Ok(name.unwrap_or_else(|| {
            let name = format!("GAIA_V{}", taken.len() + 1);
            taken.push((name.clone(), reference));
            name
        }))
    };
    let is_reference = |words: &str| is_dotted(&scope, words);
    let out = lexer::lex(script, &is_reference, &mut variable, wrongs);
    let value = |reference| Template(vec![Part::Value(reference)]);
    values.extend(taken.into_iter().map(|(name, reference)| (name, value(reference))));
    for name in variables(script) {
        if let Some(root) = own(reader, index, name) {
            values.insert(name.to_owned(), value(Reference { root, path: vec![] }));
        }
    }
    out
}

/// What `$name` of a script is, if it is not the shell's own: an input, or one of a list that the
/// file gives a name.
fn own(reader: &Reader<'_>, index: StepIndex, name: &str) -> Option<Root> {
    let world = reader.world;
    let mut around = world.chain(index);
    let each = around.find(|step| world.step(*step).each.is_some_and(|each| each == name));
    if let Some(step) = each.filter(|_| name != "item") {
        return Some(Root::Item(step));
    }
    let input = world.inputs.iter().find(|input| input.name == name && is_variable(name));
    input.map(|input| Root::Input(input.name.clone()))
}

/// Whether what stands in `${…}` is meant for gaia: no shell has a name with a dot in it, but
/// `${a-b.c}` is one with a default.
fn is_dotted(scope: &Scope<'_>, words: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let Some((first, _)) = words.split_once('.') else { return false };
    if first.is_empty() || !words.chars().all(fits) {
        return false;
    }
    is_variable(first) || scope.world.by_id.contains_key(first)
}

/// Names of variables that a script takes: `$name`, `${name…}`, `${#name}`.
fn variables(script: &str) -> impl Iterator<Item = &str> {
    script.match_indices('$').filter_map(|(at, _)| {
        let rest = &script[at + 1..];
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let rest = rest.strip_prefix('#').unwrap_or(rest);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        Some(&rest[..end.unwrap_or(rest.len())]).filter(|name| is_variable(name))
    })
}

/// A script of another language: how a value would have to be quoted there is not known.
fn of_other(scope: &Scope<'_>, script: &str, wrongs: &mut Vec<Wrong>) -> String {
    for piece in scan(script, &mut vec![]) {
        if let Piece::Value(words, at) = piece
            && (scope.resolve(words).is_ok() || is_dotted(scope, words))
        {
            let what = "a value cannot stand in a script of this language";
            let help = "put it into `env:` and read the variable in the script";
            wrongs.push(Wrong::new(at, what, help));
        }
    }
    script.to_owned()
}
