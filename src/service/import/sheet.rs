//! What a reader has in hand: the file, what is wrong with it, what stays behind.

use crate::define::yaml::{Key, Node, Value};
use std::{collections::BTreeMap, ops::Range, str::FromStr};

use super::vars;
use crate::{
    base::nearest,
    define::{Faults, Page},
};

/// A file that is carried over.
pub(super) struct Sheet<'a> {
    pub(super) page: Page<'a>,
    pub(super) faults: Faults,
    /// Variables of the `.env` beside it, if there is one.
    pub(super) dotenv: Option<BTreeMap<String, String>>,
    left: Vec<Left>,
}

/// Something that was not carried over.
struct Left {
    /// Whose it was; empty where it was the whole file's.
    of: Vec<String>,
    /// Key and reason.
    what: String,
    why: String,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(page: Page<'a>, dotenv: Option<&str>) -> Self {
        Self { page, faults: vec![], dotenv: dotenv.map(vars::dotenv), left: vec![] }
    }

    /// Remembers what is wrong.
    pub(super) fn wrong(&mut self, at: &Range<usize>, what: impl Into<String>, help: &str) {
        let fault = self.page.fault(at.clone(), what);
        // Where a table is merged into several others, one mistake in it is one mistake.
        let known = |other: &crate::base::ConfigError| {
            other.place() == fault.place() && other.to_string() == fault.to_string()
        };
        if !self.faults.iter().any(known) {
            self.faults.push(fault.help(help));
        }
    }

    /// Remembers a key that stays behind; `of` is empty for one of the whole file.
    pub(super) fn leave(&mut self, of: &str, key: &str, why: &str) {
        self.remember(of, format!("`{key}`"), why);
    }

    /// Remembers something else that is not as it was.
    pub(super) fn note(&mut self, of: &str, why: &str) {
        self.remember(of, String::new(), why);
    }

    fn remember(&mut self, of: &str, what: String, why: &str) {
        let same = |left: &&mut Left| left.what == what && left.why == why;
        let of = Some(of.to_owned()).filter(|of| !of.is_empty());
        match self.left.iter_mut().find(same) {
            Some(left) => {
                let new = of.filter(|of| !left.of.contains(of));
                left.of.extend(new);
            }
            None => {
                self.left.push(Left { of: of.into_iter().collect(), what, why: why.to_owned() })
            }
        }
    }

    /// What stays behind, one sentence for each key and reason.
    pub(super) fn sentences(&self) -> Vec<String> {
        let sentence = |left: &Left| {
            let of = left.of.join(", ");
            match (left.what.as_str(), of.as_str()) {
                ("", "") => left.why.clone(),
                ("", of) => format!("{of}: {}", left.why),
                (what, "") => format!("{what}: {}", left.why),
                (what, of) => format!("{what} of {of}: {}", left.why),
            }
        };
        self.left.iter().map(sentence).collect()
    }

    /// The variables of the `.env`, none if there is no such file.
    fn known(&self) -> BTreeMap<String, String> {
        self.dotenv.clone().unwrap_or_default()
    }

    /// A text as it is written.
    pub(super) fn text(&mut self, node: &Node, key: &str) -> Option<String> {
        match &node.value {
            Value::Text(text) if text.contains('\0') => {
                self.wrong(&node.at, format!("`{key}` holds a zero byte"), "take it out");
                None
            }
            Value::Text(text) => Some(text.clone()),
            Value::Nothing => None,
            Value::List(_) | Value::Table(_) => {
                let what = format!("`{key}` is a text, and this is {}", node.kind());
                self.wrong(&node.at, what, &format!("write {key}: \"…\""));
                None
            }
        }
    }

    /// A text in which gaia fills in nothing: variables must be known now.
    pub(super) fn plain(&mut self, node: &Node, of: &str, key: &str) -> Option<String> {
        let text = self.text(node, key)?;
        self.settle(&text, of, key)
    }

    /// The same of a text that was taken from somewhere.
    pub(super) fn settle(&mut self, text: &str, of: &str, key: &str) -> Option<String> {
        if !text.contains('$') {
            return Some(text.to_owned());
        }
        match vars::settled(text, &self.known()) {
            Ok(plain) => {
                if plain != text.replace("$$", "$") {
                    self.leave(
                        of,
                        key,
                        &format!(
                            "`{text}` is `{plain}` for now; gaia fills in variables in `env` only"
                        ),
                    );
                }
                Some(plain)
            }
            Err(name) => {
                let why = format!("`{text}` needs the variable {name}; write what it stands for");
                self.leave(of, key, &why);
                None
            }
        }
    }

    /// A number, a span in whole seconds or anything else that is read from a word.
    pub(super) fn number<T: FromStr>(&mut self, node: &Node, of: &str, key: &str) -> Option<T> {
        let word = self.plain(node, of, key)?;
        let number = word.trim().parse().ok();
        if number.is_none() {
            let what = format!("`{word}` is no number that `{key}` could be");
            self.wrong(&node.at, what, &format!("write {key}: 3, for example"));
        }
        number
    }

    /// Yes or no, in all the ways YAML has for it.
    pub(super) fn flag(&mut self, node: &Node, of: &str, key: &str) -> Option<bool> {
        let word = self.plain(node, of, key)?;
        match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => Some(true),
            "false" | "no" | "off" | "n" | "" => Some(false),
            _ => {
                let what = format!("`{key}` is true or false, and `{word}` is neither");
                self.wrong(&node.at, what, &format!("write {key}: true"));
                None
            }
        }
    }

    /// One text or a list of them, with their places.
    pub(super) fn texts(&mut self, node: &Node, key: &str) -> Vec<(Range<usize>, String)> {
        let items = match &node.value {
            Value::List(items) => items.iter().collect(),
            Value::Nothing | Value::Text(_) | Value::Table(_) => vec![node],
        };
        let text = |item: &Node| Some((item.at.clone(), self.text(item, key)?));
        items.into_iter().filter_map(text).collect()
    }

    /// Variables as a list of `NAME=value` or as a table; one without a value is the caller's.
    pub(super) fn pairs(&mut self, node: &Node, key: &str) -> Vec<(String, Option<String>)> {
        let mut all = Vec::new();
        if let Value::Table(entries) = &node.value {
            for (name, value) in entries {
                all.push((name.text.clone(), self.text(value, &name.text)));
            }
            return self.named(node, all);
        }
        for (_, text) in self.texts(node, key) {
            match text.split_once('=') {
                Some((name, value)) => all.push((name.to_owned(), Some(value.to_owned()))),
                None => all.push((text, None)),
            }
        }
        self.named(node, all)
    }

    /// The later one of two variables of a name wins.
    fn named(
        &mut self,
        node: &Node,
        pairs: Vec<(String, Option<String>)>,
    ) -> Vec<(String, Option<String>)> {
        let mut all: Vec<(String, Option<String>)> = Vec::new();
        for (name, value) in pairs {
            if name.trim().is_empty() || name.contains([' ', '\0', '$', '=']) {
                let what = format!("`{name}` is no name of a variable");
                self.wrong(&node.at, what, "write NAME=value");
                continue;
            }
            all.retain(|(other, _)| *other != name);
            all.push((name, value));
        }
        all
    }

    /// Something that was asked for and is no table.
    pub(super) fn fields(&mut self, node: &Node, of: &str, what: &'static str) -> Fields {
        if !matches!(node.value, Value::Table(_) | Value::Nothing) {
            let message = format!("`{what}` is a table of keys, and this is {}", node.kind());
            self.wrong(&node.at, message, &format!("write `{what}:` and its keys below it"));
        }
        Fields { of: of.to_owned(), rest: node.entries().to_vec(), asked: vec![] }
    }
}

/// The keys of a table, each of which is taken, left behind or unknown.
pub(super) struct Fields {
    of: String,
    rest: Vec<(Key, Node)>,
    asked: Vec<&'static str>,
}

impl Fields {
    /// Takes a key out; one that holds nothing counts as not there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.asked.push(key);
        let at = self.rest.iter().position(|(name, _)| name.text == key)?;
        Some(self.rest.remove(at).1).filter(|node| node.value != Value::Nothing)
    }

    /// Takes keys out that gaia has nothing for.
    pub(super) fn leave(
        &mut self,
        sheet: &mut Sheet<'_>,
        prefix: &str,
        keys: &[&'static str],
        why: &str,
    ) {
        for key in keys {
            if self.take(key).is_some() {
                sheet.leave(&self.of, &format!("{prefix}{key}"), why);
            }
        }
    }

    /// What nobody asked for is a mistake; `x-` is everybody's own.
    pub(super) fn done(self, sheet: &mut Sheet<'_>, advice: &[(&str, &str)]) {
        for (key, _) in &self.rest {
            let word = key.text.as_str();
            if word.starts_with("x-") {
                continue;
            }
            let known =
                advice.iter().find(|(wrong, _)| *wrong == word).map(|(_, help)| (*help).to_owned());
            let near = || nearest(word, self.asked.iter().copied());
            let help = known
                .or_else(|| near().map(|near| format!("did you mean `{near}`?")))
                .unwrap_or_else(|| format!("there is: {}", self.asked.join(", ")));
            sheet.wrong(&key.at, format!("there is no key `{word}` here"), &help);
        }
    }
}
