//! All texts of a template, parsed: one press for each set of delimiters.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobMatcher};
use serde_json::Value;

use super::press::{Press, Scope, Source};
use crate::{
    base::ConfigError,
    define::Faults,
    scaffold::{
        answer::{self, Shape},
        file::{self, SUFFIX},
        model::{Book, Delims, Leaf, Mode, Rule},
    },
};

/// What is rendered of a template, ready.
pub(crate) struct Desk {
    presses: BTreeMap<Delims, Press>,
    /// For each file its rules, by number.
    rules: BTreeMap<String, Vec<usize>>,
}

/// Whether a part of a path is rendered.
pub(crate) fn is_rendered(part: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|open| part.contains(open))
}

impl Desk {
    /// Parses everything; every fault is told.
    pub(crate) fn new(book: &Book<'_>) -> Result<Self, Faults> {
        let rules = rules_of(book);
        let mut faults = vec![];
        let mut all: BTreeMap<Delims, Vec<(String, Source)>> = BTreeMap::new();
        all.insert(Delims::default(), own_texts(book));
        for (path, leaf) in &book.files {
            if path.ends_with(SUFFIX) {
                let shown = book.shown(path);
                match text(&shown, leaf) {
                    Ok(text) => {
                        let delims = delims(book, rules.get(path));
                        let source = (format!("files/{path}"), Source::file(&shown, text));
                        all.entry(delims).or_default().push(source);
                    }
                    Err(fault) => faults.push(*fault),
                }
            }
        }
        let mut presses = BTreeMap::new();
        for (delims, mut sources) in all {
            add_partials(book, &mut sources, &mut faults);
            match Press::new(&delims, sources) {
                Ok(press) => drop(presses.insert(delims, press)),
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(Self { presses, rules }) } else { Err(faults) }
    }

    fn usual(&self) -> Result<&Press, Faults> {
        // It is always made; without it nothing can be rendered.
        let none = || vec![ConfigError::new("template", "", 0..0, "nothing is parsed")];
        self.presses.get(&Delims::default()).ok_or_else(none)
    }

    /// A text of the template's file, rendered.
    pub(crate) fn text(&self, key: &str, scope: &Scope) -> Result<String, Faults> {
        let bytes = self.usual()?.render(key, scope)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The value of an expression.
    pub(crate) fn value(&self, key: &str, scope: &Scope) -> Result<Value, Faults> {
        let text = self.text(key, scope)?;
        serde_json::from_str(&text)
            .map_err(|error| vec![ConfigError::new(key, &text, 0..0, error.to_string())])
    }

    /// Whether an expression is true: what is empty, zero or nothing is not.
    pub(crate) fn truth(&self, key: &str, scope: &Scope) -> Result<bool, Faults> {
        Ok(match self.value(key, scope)? {
            Value::Null => false,
            Value::Bool(flag) => flag,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(all) => !all.is_empty(),
            Value::Object(all) => !all.is_empty(),
        })
    }

    /// The bytes of a file of the project.
    pub(crate) fn file(
        &self,
        book: &Book<'_>,
        (path, leaf): (&str, &Leaf<'_>),
        scope: &Scope,
    ) -> Result<Vec<u8>, Faults> {
        if !path.ends_with(SUFFIX) {
            return Ok(leaf.bytes.to_vec());
        }
        let delims = delims(book, self.rules.get(path));
        match self.presses.get(&delims) {
            Some(press) => press.render(&format!("files/{path}"), scope),
            None => Err(vec![ConfigError::new(path, "", 0..0, "this file is not parsed")]),
        }
    }

    /// The numbers of the rules that hold for a file.
    pub(crate) fn rules(&self, path: &str) -> &[usize] {
        self.rules.get(path).map_or(&[], Vec::as_slice)
    }

    /// All names that the texts of the template want to be given, by text.
    pub(crate) fn all_wants(&self) -> BTreeMap<String, Vec<String>> {
        self.presses.values().flat_map(Press::all_wants).collect()
    }

    /// The names that one text wants to be given.
    pub(crate) fn wants(&self, key: &str) -> Vec<String> {
        let press = self.presses.values().find(|press| press.has(key));
        press.map(|press| press.wants(key)).unwrap_or_default()
    }

    /// A fault at the place of a name in a text.
    pub(crate) fn fault(&self, key: &str, word: &str, what: String) -> ConfigError {
        match self.presses.values().find(|press| press.has(key)) {
            Some(press) => press.fault_of(key, word, what),
            None => ConfigError::new(key, "", 0..0, what),
        }
    }
}

fn text<'l>(shown: &str, leaf: &'l Leaf<'_>) -> Result<&'l str, Box<ConfigError>> {
    match leaf.mode {
        Mode::Plain | Mode::Exec => file::text(shown, leaf),
        Mode::Link | Mode::Folder => {
            let fault = ConfigError::new(shown, "", 0..0, "a link has no text to render");
            Err(Box::new(fault.help("put the text here instead of a link to it")))
        }
    }
}

/// The texts of `template.toml`, and the names of files.
fn own_texts(book: &Book<'_>) -> Vec<(String, Source)> {
    const VALUE: (&str, &str) = ("{{ (", ") | json }}");
    let mut all = vec![];
    for (key, words, shape) in answer::texts(book) {
        let around = match shape {
            Shape::Text => ("", ""),
            Shape::Expr => VALUE,
        };
        all.push((key, Source::words(&words, around)));
    }
    for (number, rule) in book.template.rules.iter().enumerate() {
        for (key, words) in [("when", &rule.when), ("each", &rule.each)] {
            let words = words.iter();
            all.extend(words.map(|words| (rule_key(number, key), Source::words(words, VALUE))));
        }
    }
    for (number, words) in book.template.folders.iter().enumerate() {
        all.push((format!("folders.{number}"), Source::words(words, ("", ""))));
    }
    let mut parts = BTreeSet::new();
    for path in book.files.keys() {
        for part in path.strip_suffix(SUFFIX).unwrap_or(path).split('/') {
            if is_rendered(part) && parts.insert(part) {
                let shown = book.shown(path);
                all.push((part_key(part), Source::file(&shown, part)));
            }
        }
    }
    all
}

/// The name of a rule's expression.
pub(crate) fn rule_key(number: usize, key: &str) -> String {
    format!("rules.{number}.{key}")
}

/// The name of a part of a path.
pub(crate) fn part_key(part: &str) -> String {
    format!("part.{part}")
}

fn rules_of(book: &Book<'_>) -> BTreeMap<String, Vec<usize>> {
    let matcher = |rule: &Rule| -> Option<GlobMatcher> {
        let glob = GlobBuilder::new(&rule.path.text).literal_separator(true).build();
        glob.ok().map(|glob| glob.compile_matcher())
    };
    let globs: Vec<_> = book.template.rules.iter().map(matcher).collect();
    if globs.is_empty() {
        return BTreeMap::new();
    }
    let of = |path: &String| {
        let fits = |glob: &Option<GlobMatcher>| glob.as_ref().is_some_and(|g| g.is_match(path));
        let all: Vec<usize> = (0..globs.len()).filter(|n| fits(&globs[*n])).collect();
        (path.clone(), all)
    };
    book.files.keys().map(of).collect()
}

/// The last rule that says delimiters counts.
fn delims(book: &Book<'_>, rules: Option<&Vec<usize>>) -> Delims {
    let said = rules.into_iter().flatten().rev();
    let mut said = said.filter_map(|number| book.template.rules[*number].delims.clone());
    said.next().unwrap_or_default()
}

/// Adds the partials that are named in these texts, or in what they name.
fn add_partials(book: &Book<'_>, sources: &mut Vec<(String, Source)>, faults: &mut Faults) {
    let mut left: Vec<&String> = book.partials.keys().collect();
    let mut from = 0;
    while from < sources.len() && !left.is_empty() {
        let upto = sources.len();
        let mut named = vec![];
        left.retain(|path| {
            let hit = sources[from..upto].iter().any(|(_, source)| source.text.contains(*path));
            if hit {
                named.push(*path);
            }
            !hit
        });
        for path in named {
            let leaf = &book.partials[path];
            let shown = format!("{}/{path}", leaf.layer);
            match text(&shown, leaf) {
                Ok(text) => sources.push((path.clone(), Source::file(&shown, text))),
                Err(fault) => faults.push(*fault),
            }
        }
        from = upto;
    }
}
