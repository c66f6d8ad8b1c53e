//! What is wrong with a template before anybody uses it: values that nobody declares or uses, files
//! that are never made, names that lead elsewhere.
//!
//! Pure. An error is something that fails for some answers; the rest is only odd.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use super::{
    answer,
    file::{self, SUFFIX},
    model::{Book, Mode, Pack, Words},
    plan::static_fault,
    render::{Desk, open, part_key, rule_key},
};
use crate::base::{ConfigError, nearest};

/// Whether it is an error, and what it is.
pub(crate) type Finding = (bool, ConfigError);

/// Finds all.
pub(crate) fn lint(pack: &Pack) -> Vec<Finding> {
    let open = match open(pack) {
        Ok(open) => open,
        Err(faults) => return faults.into_iter().map(|fault| (true, fault)).collect(),
    };
    let mut found = vec![];
    undeclared(&open.book, &open.desk, &mut found);
    unused(&open.book, &open.desk, &mut found);
    unreachable(pack, &open.book, &mut found);
    for (path, leaf) in &open.book.files {
        let (shown, whole) = (open.book.shown(path), 0..path.len());
        if let Some(what) = static_fault(path, leaf) {
            found.push((true, ConfigError::new(&shown, path, whole, what)));
        }
    }
    bounds(&open.book, &mut found);
    found
}

const ALWAYS: &[&str] = &["target", "template", "today"];

/// Names that texts want and nobody gives, at the time they are rendered.
fn undeclared(book: &Book<'_>, desk: &Desk, found: &mut Vec<Finding>) {
    let mut known: BTreeSet<&str> = ALWAYS.iter().copied().collect();
    let mut check = |key: &str, known: &BTreeSet<&str>, more: &str| {
        for want in desk.wants(key) {
            if known.contains(want.as_str()) || want == more {
                continue;
            }
            let fault = desk.fault(key, &want, format!("nobody declares `{want}`"));
            let near = nearest(&want, known.iter().copied());
            let help = near.map_or_else(
                || format!("write [answers.{want}] or a line below [computed]"),
                |near| format!("did you mean `{near}`?"),
            );
            found.push((true, fault.help(help)));
        }
    };
    let texts = answer::texts(book);
    for question in &book.template.questions {
        let name = &question.name.text;
        let own = format!("answers.{name}.");
        for (key, ..) in texts.iter().filter(|(key, ..)| key.starts_with(&own)) {
            check(key, &known, if key.ends_with(".valid") { "value" } else { "" });
        }
        known.insert(name);
    }
    for computed in &book.template.computed {
        check(&format!("computed.{}", computed.name.text), &known, "");
        known.insert(&computed.name.text);
    }
    for number in 0..book.template.rules.len() {
        check(&rule_key(number, "when"), &known, "");
        check(&rule_key(number, "each"), &known, "");
    }
    for path in book.files.keys() {
        let each = desk.rules(path).iter().any(|n| book.template.rules[*n].each.is_some());
        let more = if each { "item" } else { "" };
        check(&format!("files/{path}"), &known, more);
        for part in path.strip_suffix(SUFFIX).unwrap_or(path).split('/') {
            check(&part_key(part), &known, more);
        }
    }
}

/// Whether a text stands in the template itself, and not in one that it extends. What is there to be
/// extended offers more than it uses.
fn is_own(book: &Book<'_>, words: &Words) -> bool {
    let own = words.sheet.path.strip_prefix(book.template.name.as_str());
    own.is_some_and(|rest| rest.starts_with('/')) && !book.template.hidden
}

/// Values that no text wants.
fn unused(book: &Book<'_>, desk: &Desk, found: &mut Vec<Finding>) {
    let wanted: BTreeSet<String> = desk.all_wants().into_values().flatten().collect();
    let questions = book.template.questions.iter().map(|question| &question.name);
    let computed = book.template.computed.iter().map(|computed| &computed.name);
    let idle = |name: &&Words| !wanted.contains(&name.text) && is_own(book, name);
    for name in questions.chain(computed).filter(idle) {
        let fault = name.fault(format!("nothing uses `{}`", name.text));
        found.push((false, fault.help("remove it, or use it in a file that ends in .tera")));
    }
}

/// Rules without files, partials that nobody includes, files that are no part of the template.
fn unreachable(pack: &Pack, book: &Book<'_>, found: &mut Vec<Finding>) {
    for rule in book.template.rules.iter().filter(|rule| is_own(book, &rule.path)) {
        let glob = GlobBuilder::new(&rule.path.text).literal_separator(true).build();
        let glob = glob.map(|glob| glob.compile_matcher());
        if !book.files.keys().any(|path| glob.as_ref().is_ok_and(|glob| glob.is_match(path))) {
            let fault = rule.path.fault("no file below files/ fits this path");
            found.push((false, fault.help("the suffix .tera belongs to it: \"docs/*.md.tera\"")));
        }
    }
    let texts: Vec<&str> = book
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(SUFFIX))
        .map(|(_, leaf)| leaf)
        .chain(book.partials.values())
        .filter_map(|leaf| std::str::from_utf8(&leaf.bytes).ok())
        .collect();
    let odd = |path: &str, what: &str| {
        (false, ConfigError::new(&format!("{}/{path}", book.template.name), "", 0..0, what))
    };
    let own = pack.layers.last();
    for path in book.partials.keys().filter(|path| !texts.iter().any(|text| text.contains(*path))) {
        // A base offers more than each of those above it takes.
        if own.is_some_and(|tree| tree.files.contains_key(path)) && !book.template.hidden {
            found.push(odd(path, "no file includes this"));
        }
    }
    let known = |path: &&String| {
        let folder = ["files/", "partials/"].iter().any(|folder| path.starts_with(folder));
        let top = !path.contains('/');
        folder
            || (top && (path.starts_with("README") || path.as_str() == file::FILE))
            || file::DIALECT.contains(&path.as_str())
    };
    let is_dialect = own.is_some_and(|tree| !tree.files.contains_key(file::FILE));
    for path in own.into_iter().flat_map(|tree| tree.files.keys()).filter(|path| !known(path)) {
        if !is_dialect {
            found.push(odd(
                path,
                "this is neither below files/ nor below partials/, and never used",
            ));
        }
    }
    for (path, leaf) in book.files.iter().filter(|(path, _)| !path.ends_with(SUFFIX)) {
        let text = std::str::from_utf8(&leaf.bytes).unwrap_or_default();
        let hit = book.template.questions.iter().find(|question| {
            let name = &question.name.text;
            text.contains(&format!("{{{{ {name} }}}}")) || text.contains(&format!("{{{{{name}}}}}"))
        });
        if let Some(question) = hit.filter(|_| leaf.mode != Mode::Link) {
            let what = format!("this names `{}`, and is copied as it is", question.name.text);
            found.push(odd(&format!("files/{path}"), &what));
        }
    }
}

/// Bounds that nothing can meet, and tests that are none.
fn bounds(book: &Book<'_>, found: &mut Vec<Finding>) {
    for question in &book.template.questions {
        let name = &question.name;
        if question.min.zip(question.max).is_some_and(|(min, max)| min > max) {
            found.push((true, name.fault("min is more than max: nothing fits")));
        }
        if let Some(pattern) = &question.pattern
            && let Err(error) = regex::Regex::new(&pattern.text)
        {
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            found.push((true, pattern.fault(format!("this is no pattern: {why}"))));
        }
    }
    let names: Vec<&str> = book.template.questions.iter().map(|q| q.name.text.as_str()).collect();
    for trial in &book.template.trials {
        for name in trial.answers.keys().filter(|name| !names.contains(&name.as_str())) {
            let what = format!("this test answers `{name}`, which nobody asks");
            found.push((true, trial.name.fault(what)));
        }
    }
}
