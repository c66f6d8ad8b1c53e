//! A TOML document read piece by piece, so that every fault in it is told.

use std::ops::Range;

use serde_json::Value;
use toml::{Spanned, de::DeTable, de::DeValue};

use crate::{
    base::nearest,
    define::Faults,
    scaffold::model::{Sheet, Words},
};

pub(super) type Cell<'a> = Spanned<DeValue<'a>>;

/// The page that is read, and what is wrong with it so far.
pub(super) struct Reader<'f> {
    pub(super) sheet: Sheet,
    pub(super) faults: &'f mut Faults,
}

/// What a value is, for a message.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl Reader<'_> {
    pub(super) fn fault(&mut self, at: Range<usize>, what: impl Into<String>, help: &str) {
        let fault = self.sheet.fault(at, what);
        self.faults.push(if help.is_empty() { fault } else { fault.help(help) });
    }

    /// A value of another shape than is wanted.
    fn wrong(&mut self, cell: &Cell<'_>, key: &str, wanted: &str) {
        let what = format!("`{key}` is {}, and {wanted} is wanted", kind(cell.get_ref()));
        self.fault(cell.span(), what, "");
    }

    /// The entries of a table in the order they are written; keys that are none are faults.
    pub(super) fn table<'t, 'a>(
        &mut self,
        cell: &'t Cell<'a>,
        (key, known): (&str, &[&str]),
    ) -> Option<&'t DeTable<'a>> {
        let Some(table) = cell.get_ref().as_table() else {
            self.wrong(cell, key, "a table");
            return None;
        };
        self.known(table, known);
        Some(table)
    }

    pub(super) fn known(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in ordered(table) {
            let word = key.get_ref().as_ref();
            if !known.contains(&word) {
                let near = nearest(word, known.iter().copied());
                let help = near.map_or_else(
                    || format!("known here: {}", known.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                self.fault(key.span(), format!("there is no key `{word}` here"), &help);
            }
        }
    }

    pub(super) fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<Words> {
        let cell = table.get(key)?;
        match cell.get_ref() {
            DeValue::String(text) => Some(self.words(text, cell.span())),
            _ => {
                self.wrong(cell, key, "a text");
                None
            }
        }
    }

    pub(super) fn words(&self, text: &str, at: Range<usize>) -> Words {
        Words { text: text.to_owned(), at, sheet: self.sheet.clone() }
    }

    pub(super) fn flag(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(cell) = table.get(key) else { return false };
        if cell.get_ref().as_bool().is_none() {
            self.wrong(cell, key, "true or false");
        }
        cell.get_ref().as_bool().unwrap_or_default()
    }

    pub(super) fn number(&mut self, table: &DeTable<'_>, key: &str) -> Option<i64> {
        let cell = table.get(key)?;
        let number = cell.get_ref().as_integer();
        let number = number.and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        if number.is_none() {
            self.wrong(cell, key, "a whole number");
        }
        number
    }

    pub(super) fn list<'t, 'a>(&mut self, table: &'t DeTable<'a>, key: &str) -> &'t [Cell<'a>] {
        match table.get(key) {
            None => &[],
            Some(cell) => match cell.get_ref().as_array() {
                Some(all) => all,
                None => {
                    self.wrong(cell, key, "a list");
                    &[]
                }
            },
        }
    }

    pub(super) fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Vec<String> {
        let mut all = vec![];
        for cell in self.list(table, key) {
            match cell.get_ref().as_str() {
                Some(text) => all.push(text.to_owned()),
                None => self.wrong(cell, key, "a list of texts"),
            }
        }
        all
    }

    /// Commands as lists of program and arguments.
    pub(super) fn commands(&mut self, table: &DeTable<'_>, key: &str) -> Vec<Vec<String>> {
        let mut all = vec![];
        for cell in self.list(table, key) {
            let words = cell.get_ref().as_array().map(|words| {
                words.iter().map(|w| w.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>()
            });
            let words: Option<Vec<String>> = words.flatten();
            let good = |words: &Vec<String>| {
                words.first().is_some_and(|program| !program.is_empty())
                    && !words.iter().any(|word| word.contains('\0'))
            };
            match words.filter(good) {
                Some(words) => all.push(words),
                None => {
                    let what = format!("this is no command of `{key}`");
                    self.fault(cell.span(), what, "write [\"program\", \"argument\"]");
                }
            }
        }
        all
    }
}

/// The entries of a table in the order they are written.
pub(super) fn ordered<'t, 'a>(
    table: &'t DeTable<'a>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'a, str>>, &'t Cell<'a>)> {
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(key, _)| key.span().start);
    all
}

/// A value of an answer; `None` for what no answer can be.
pub(super) fn value(cell: &DeValue<'_>) -> Option<Value> {
    match cell {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(Value::from),
        DeValue::Boolean(flag) => Some(Value::from(*flag)),
        DeValue::Array(all) => all.iter().map(|cell| value(cell.get_ref())).collect(),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
