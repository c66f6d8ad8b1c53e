//! From the file of a template, in either dialect, to a template.
//!
//! Pure. `walk`: a document read so that all its faults are told; `question`, `rules`: its parts;
//! `dialect`: the one YAML file that is a whole template.

mod dialect;
mod question;
mod rules;
#[cfg(test)]
mod tests;
mod walk;

use std::{borrow::Cow, collections::BTreeMap};

use toml::de::DeTable;

use super::model::{
    Book, Hooks, Leaf, Mode, Pack, Question, Sheet, Template, Tree, TreeFile, Words,
};
use crate::{
    base::ConfigError,
    define::{Faults, Page, text_of},
};
use walk::{Reader, ordered};

/// The file of a template.
pub(crate) const FILE: &str = "template.toml";
/// The files of a template in the other dialect.
pub(crate) const DIALECT: &[&str] = &["template.yaml", "template.yml"];
/// What is rendered ends so.
pub(crate) const SUFFIX: &str = ".tera";

const KEYS: &[&str] = &[
    "name",
    "version",
    "about",
    "tags",
    "hidden",
    "extends",
    "answers",
    "computed",
    "files",
    "hooks",
    "tests",
    "check",
    "migrations",
];

/// Reads a template and all it extends into one; tells every fault of every file.
pub(crate) fn read(pack: &Pack) -> Result<Book<'_>, Faults> {
    let mut faults = vec![];
    let mut book: Option<Book<'_>> = None;
    for tree in &pack.layers {
        let Some((template, leaves)) = layer(tree, &mut faults) else { continue };
        match &mut book {
            None => book = Some(opened(template, leaves)),
            Some(below) => extend(below, template, leaves),
        }
    }
    match book {
        Some(book) if faults.is_empty() => Ok(book),
        Some(_) | None => Err(faults),
    }
}

/// What the template of one tree says, without what it extends.
pub(crate) fn head(tree: &Tree) -> Result<Template, Faults> {
    let mut faults = vec![];
    let read = layer(tree, &mut faults);
    read.filter(|_| faults.is_empty()).map(|(template, _)| template).ok_or(faults)
}

/// Files by their path below the template's folder.
type Leaves<'a> = BTreeMap<String, Leaf<'a>>;

fn layer<'a>(tree: &'a Tree, faults: &mut Faults) -> Option<(Template, Leaves<'a>)> {
    if let Some(file) = tree.files.get(FILE) {
        let path = format!("{}/{FILE}", tree.name);
        let text = text_of(&path, &file.bytes, faults)?;
        let template = template(&Sheet::new(&path, &text), &tree.name, faults)?;
        let leaf = |file: &'a TreeFile| Leaf {
            bytes: Cow::Borrowed(&file.bytes),
            mode: file.mode,
            layer: &tree.name,
        };
        let leaves = tree.files.iter().map(|(path, file)| (path.clone(), leaf(file))).collect();
        return Some((template, leaves));
    }
    let found = DIALECT.iter().find_map(|name| Some((name, tree.files.get(*name)?)));
    let Some((name, file)) = found else {
        let fault = ConfigError::new(&tree.name, "", 0..0, "there is no template.toml");
        faults.push(fault.help("`gaia template new NAME` makes a template to begin with"));
        return None;
    };
    let path = format!("{}/{name}", tree.name);
    let text = text_of(&path, &file.bytes, faults)?;
    let page = Page { path: &path, text: &text };
    dialect::read(&page, tree, faults)
}

/// Files of a template below this folder.
const FILES: &str = "files/";
const PARTIALS: &str = "partials/";

fn opened(template: Template, leaves: Leaves<'_>) -> Book<'_> {
    let mut book = Book { template, files: BTreeMap::new(), partials: BTreeMap::new() };
    place(&mut book, leaves);
    book
}

fn place<'a>(book: &mut Book<'a>, leaves: Leaves<'a>) {
    for (path, leaf) in leaves {
        if let Some(below) = path.strip_prefix(FILES) {
            // Rendered or not, it is the same file of the project.
            let twin = below.strip_suffix(SUFFIX);
            let twin = twin.map_or_else(|| format!("{below}{SUFFIX}"), str::to_owned);
            book.files.remove(&twin);
            book.files.insert(below.to_owned(), leaf);
        } else if path.starts_with(PARTIALS) {
            book.partials.insert(path, leaf);
        }
    }
}

/// What comes later replaces what has the same name, and adds the rest.
fn extend<'a>(book: &mut Book<'a>, own: Template, leaves: Leaves<'a>) {
    let base = &mut book.template;
    for question in own.questions {
        match base.questions.iter_mut().find(|known| known.name.text == question.name.text) {
            Some(known) => *known = question,
            None => base.questions.push(question),
        }
    }
    for computed in own.computed {
        match base.computed.iter_mut().find(|known| known.name.text == computed.name.text) {
            Some(known) => *known = computed,
            None => base.computed.push(computed),
        }
    }
    base.rules.extend(own.rules);
    base.folders.extend(own.folders);
    base.migrations.extend(own.migrations);
    if own.hooks != Hooks::default() {
        base.hooks = own.hooks;
    }
    if !own.check.is_empty() {
        base.check = own.check;
    }
    base.name = own.name;
    base.version = own.version;
    base.about = own.about;
    base.tags = own.tags;
    base.hidden = own.hidden;
    base.extends = own.extends;
    base.trials = own.trials;
    place(book, leaves);
}

fn template(sheet: &Sheet, folder: &str, faults: &mut Faults) -> Option<Template> {
    let (root, bad) = DeTable::parse_recoverable(&sheet.text);
    let mut reader = Reader { sheet: sheet.clone(), faults };
    for error in &bad {
        reader.fault(error.span().unwrap_or(0..0), error.message(), "");
    }
    if !bad.is_empty() {
        return None;
    }
    let root = root.get_ref();
    let before = reader.faults.len();
    reader.known(root, KEYS);
    let name = folder_name(&mut reader, root, folder);
    if !root.contains_key("version") {
        reader.fault(0..0, "the template has no version", "write version = \"1.0.0\"");
    }
    let version = version(&mut reader, root);
    let about = reader.text(root, "about").map(|words| words.text).unwrap_or_default();
    let tags = reader.texts(root, "tags");
    let hidden = reader.flag(root, "hidden");
    let extends = reader.text(root, "extends");
    let (questions, computed) = values(&mut reader, root);
    let hooks = root.get("hooks").and_then(|cell| rules::hooks(&mut reader, cell));
    let check = match root.get("check") {
        Some(cell) => match reader.table(cell, ("check", &["run"])) {
            Some(table) => reader.commands(table, "run"),
            None => vec![],
        },
        None => vec![],
    };
    let (mut all_rules, mut trials, mut migrations) = (vec![], vec![], vec![]);
    for cell in reader.list(root, "files") {
        all_rules.extend(rules::rule(&mut reader, cell));
    }
    for cell in reader.list(root, "tests") {
        trials.extend(rules::trial(&mut reader, cell));
    }
    for cell in reader.list(root, "migrations") {
        migrations.extend(rules::migration(&mut reader, cell));
    }
    let template = Template {
        name,
        version: version?,
        about,
        tags,
        hidden,
        extends,
        questions,
        computed,
        rules: all_rules,
        folders: vec![],
        hooks: hooks.unwrap_or_default(),
        trials,
        check,
        migrations,
    };
    (reader.faults.len() == before).then_some(template)
}

/// The name that the file says is the folder's.
fn folder_name(reader: &mut Reader<'_>, root: &DeTable<'_>, folder: &str) -> String {
    match reader.text(root, "name") {
        Some(words) if words.text == folder => words.text,
        Some(words) => {
            let what = format!("the template is named `{}`, and its folder `{folder}`", words.text);
            let help = format!("write name = \"{folder}\", or rename the folder");
            reader.fault(words.at, what, &help);
            words.text
        }
        None => {
            if !root.contains_key("name") {
                let help = format!("write name = \"{folder}\"");
                reader.fault(0..0, "the template has no name", &help);
            }
            folder.to_owned()
        }
    }
}

fn values(
    reader: &mut Reader<'_>,
    root: &DeTable<'_>,
) -> (Vec<Question>, Vec<super::model::Computed>) {
    let (mut questions, mut computed): (Vec<Question>, Vec<super::model::Computed>) =
        (vec![], vec![]);
    let empty = DeTable::new();
    let table = |reader: &mut Reader<'_>, key: &str| {
        let cell = root.get(key)?;
        let table = cell.get_ref().as_table();
        if table.is_none() {
            reader.fault(cell.span(), format!("`{key}` is no table"), &format!("write [{key}]"));
        }
        table
    };
    for (key, cell) in ordered(table(reader, "answers").unwrap_or(&empty)) {
        let name = reader.words(key.get_ref(), key.span());
        questions.extend(question::read(reader, name, cell));
    }
    for (key, cell) in ordered(table(reader, "computed").unwrap_or(&empty)) {
        let name = reader.words(key.get_ref(), key.span());
        if questions.iter().any(|question| question.name.text == name.text) {
            let what = format!("`{}` is asked for already", name.text);
            reader.fault(name.at.clone(), what, "choose another name");
        }
        computed.extend(rules::computed(reader, name, cell));
    }
    (questions, computed)
}

/// A version as `1.2.3`.
fn version(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<semver::Version> {
    let words: Words = reader.text(table, "version")?;
    let version = words.text.parse();
    if version.is_err() {
        let what = format!("`{}` is no version", words.text);
        reader.fault(words.at, what, "write three numbers, e.g. \"1.0.0\"");
    }
    version.ok()
}

/// A file whose text is meant: what makes it one, and what is not text is said.
pub(crate) fn text<'l>(path: &str, leaf: &'l Leaf<'_>) -> Result<&'l str, Box<ConfigError>> {
    debug_assert!(leaf.mode != Mode::Folder);
    std::str::from_utf8(&leaf.bytes).map_err(|error| {
        let good = &leaf.bytes[..error.valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        let text = String::from_utf8_lossy(&leaf.bytes).into_owned();
        let at = error.valid_up_to()..error.valid_up_to() + '\u{fffd}'.len_utf8();
        let fault = ConfigError::new(path, &text, at, format!("line {line} is not UTF-8 text"));
        let help = "without the suffix .tera the file is copied as it is, byte by byte";
        Box::new(fault.help(help))
    })
}
