//! `[[files]]`, `[hooks]`, `[[tests]]`, `[[migrations]]`, `[computed]`.

use std::collections::BTreeMap;

use serde_json::Map;
use toml::de::{DeTable, DeValue};

use super::{
    question::name,
    walk::{Cell, Reader, ordered, value},
};
use crate::{
    base::duration,
    scaffold::model::{Computed, Delims, Hooks, Migration, Rule, Trial, Words},
};

/// What a hook may take if the template says nothing.
const HOOK_MS: u64 = 60_000;

pub(super) fn computed(reader: &mut Reader<'_>, at: Words, cell: &Cell<'_>) -> Option<Computed> {
    name(reader, &at);
    match cell.get_ref() {
        DeValue::String(text) => {
            let text = reader.words(text, cell.span());
            Some(Computed { name: at, text, is_expr: false })
        }
        DeValue::Table(table) => {
            reader.known(table, &["expr"]);
            let text = reader.text(table, "expr")?;
            Some(Computed { name: at, text, is_expr: true })
        }
        _ => {
            let help = "write \"{{ a text }}\", or { expr = \"an expression\" }";
            reader.fault(cell.span(), "this is no computed value", help);
            None
        }
    }
}

pub(super) fn rule(reader: &mut Reader<'_>, cell: &Cell<'_>) -> Option<Rule> {
    let keys = ["path", "when", "each", "delimiters"];
    let table = reader.table(cell, ("files", &keys))?;
    let Some(path) = reader.text(table, "path") else {
        if !table.contains_key("path") {
            let help = "write path = \"docker/**\", below files/";
            reader.fault(cell.span(), "this rule names no files", help);
        }
        return None;
    };
    if let Err(error) = globset::Glob::new(&path.text) {
        reader.fault(path.at.clone(), format!("this is no glob: {}", error.kind()), "");
        return None;
    }
    let delims = table.get("delimiters").and_then(|cell| delims(reader, cell));
    let (when, each) = (reader.text(table, "when"), reader.text(table, "each"));
    Some(Rule { path, when, each, delims })
}

fn delims(reader: &mut Reader<'_>, cell: &Cell<'_>) -> Option<Delims> {
    let table = reader.table(cell, ("delimiters", &["block", "variable", "comment"]))?;
    let usual = Delims::default();
    let mut pair = |key: &str, usual: (String, String)| {
        if !table.contains_key(key) {
            return Some(usual);
        }
        let at = table.get(key).map_or(cell.span(), |cell| cell.span());
        let words = reader.texts(table, key);
        match &words[..] {
            [open, close] if open.len() == 2 && close.len() == 2 && open != close => {
                Some((open.clone(), close.clone()))
            }
            _ => {
                let help = "write two texts of two bytes each, e.g. [\"<%\", \"%>\"]";
                reader.fault(at, format!("`{key}` is no pair of delimiters"), help);
                None
            }
        }
    };
    let (block, variable, comment) = (
        pair("block", usual.block),
        pair("variable", usual.variable),
        pair("comment", usual.comment),
    );
    let all = Delims { block: block?, variable: variable?, comment: comment? };
    let begins = [&all.block.0, &all.variable.0, &all.comment.0];
    if begins[0] == begins[1] || begins[1] == begins[2] || begins[0] == begins[2] {
        let help = "blocks, variables and comments begin differently";
        reader.fault(cell.span(), "two kinds of delimiters begin the same", help);
        return None;
    }
    Some(all)
}

pub(super) fn hooks(reader: &mut Reader<'_>, cell: &Cell<'_>) -> Option<Hooks> {
    let table = reader.table(cell, ("hooks", &["before", "after", "timeout"]))?;
    let timeout_ms = reader.text(table, "timeout").map_or(HOOK_MS, |words| {
        let span = duration(&words.text);
        if span.is_none() {
            let what = format!("`{}` is no span of time", words.text);
            reader.fault(words.at, what, "write it like 30s or 2m");
        }
        span.map_or(HOOK_MS, |span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    });
    let (before, after) = (reader.commands(table, "before"), reader.commands(table, "after"));
    Some(Hooks { before, after, timeout_ms })
}

pub(super) fn trial(reader: &mut Reader<'_>, cell: &Cell<'_>) -> Option<Trial> {
    let table = reader.table(cell, ("tests", &["name", "answers"]))?;
    let Some(name) = reader.text(table, "name") else {
        if !table.contains_key("name") {
            reader.fault(cell.span(), "this test has no name", "write name = \"plain\"");
        }
        return None;
    };
    let mut answers = Map::new();
    let own = table.get("answers").and_then(|cell| match cell.get_ref() {
        DeValue::Table(own) => Some(own),
        _ => {
            reader.fault(
                cell.span(),
                "these are no answers",
                "write answers = { project = \"demo\" }",
            );
            None
        }
    });
    for (key, cell) in own.map(ordered).unwrap_or_default() {
        match value(cell.get_ref()) {
            Some(value) => drop(answers.insert(key.get_ref().to_string(), value)),
            None => {
                let help = "a text, a whole number, true or false, or a list of texts";
                reader.fault(cell.span(), "this can be no answer", help);
            }
        }
    }
    Some(Trial { name, answers })
}

pub(super) fn migration(reader: &mut Reader<'_>, cell: &Cell<'_>) -> Option<Migration> {
    let keys = ["version", "moved", "before", "after"];
    let table = reader.table(cell, ("migrations", &keys))?;
    let mut moved = BTreeMap::new();
    if let Some(cell) = table.get("moved") {
        let empty = DeTable::new();
        let own = cell.get_ref().as_table().unwrap_or(&empty);
        if !cell.get_ref().is_table() {
            let help = "write moved = { \"old/path\" = \"new/path\" }";
            reader.fault(cell.span(), "this is no table of paths", help);
        }
        for (from, _) in ordered(own) {
            if let Some(to) = reader.text(own, from.get_ref()) {
                moved.insert(from.get_ref().to_string(), to.text);
            }
        }
    }
    let (before, after) = (reader.commands(table, "before"), reader.commands(table, "after"));
    if !table.contains_key("version") {
        let help = "write version = \"2.0.0\": the version that needs it";
        reader.fault(cell.span(), "this migration has no version", help);
    }
    let version = super::version(reader, table)?;
    Some(Migration { version, moved, before, after })
}
