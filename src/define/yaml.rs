//! YAML, of which JSON is a part, as values that know where they stand.

use std::{fmt, ops::Range};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Spanned, options::NonFiniteFloatPolicy};

use super::{Faults, Page};

/// Deeper values are none that a person wrote.
const MAX_DEPTH: usize = 40;

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) at: Range<usize>,
    pub(crate) value: Value,
}

/// What stands there. Numbers and flags stay the text they were written as: `1.10` is a version,
/// `no` is a policy, and only who asks for a key knows which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Nothing,
    Text(String),
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
}

/// The name of a value in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) at: Range<usize>,
    pub(crate) text: String,
}

impl Node {
    /// Its entries, if it is a table.
    pub(crate) fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Table(entries) => entries,
            Value::Nothing | Value::Text(_) | Value::List(_) => &[],
        }
    }

    /// The value under a key, if it is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.text == key).map(|(_, node)| node)
    }

    /// What it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Nothing => "nothing",
            Value::Text(_) => "a value",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// Reads a text; what is wrong with it is told with its place.
pub(crate) fn parse(page: &Page<'_>, faults: &mut Faults) -> Option<Node> {
    // Without the snippet: the fault shows the line itself.
    let options = serde_saphyr::options! {
        with_snippet: false,
        // Each level is a call; a thread must not run out of stack.
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH },
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(page.text, options) {
        Ok(raw) => Some(node(page.text, raw)),
        Err(_) if tabs(page, faults) => None,
        Err(error) => {
            let at = error.location().map_or(0..0, |place| bytes(page.text, &place));
            let message = error.to_string();
            // The place stands before the message already, and its advice is for programmers.
            let ends = [" at line ", "; use from_", ", set DuplicateKeyPolicy"];
            let end = ends.iter().filter_map(|end| message.find(end)).min();
            let what = &message[..end.unwrap_or(message.len())];
            faults.push(if what.contains("budget") {
                let what = "this is more than a file that a person wrote";
                page.fault(at, what).help("are there aliases of aliases in it?")
            } else {
                page.fault(at, format!("this is neither YAML nor JSON: {what}"))
            });
            None
        }
    }
}

/// Whether lines are indented with tabs, which YAML does not allow; each is told.
fn tabs(page: &Page<'_>, faults: &mut Faults) -> bool {
    let (before, mut start) = (faults.len(), 0);
    for line in page.text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indent].find('\t').filter(|_| !line.trim().is_empty()) {
            let at = start + tab..start + indent;
            let fault = page.fault(at, "this line is indented with a tab");
            faults.push(fault.help("YAML wants spaces there"));
        }
        start += line.len();
    }
    faults.len() > before
}

/// A value as the parser gives it.
enum Raw {
    Nothing,
    /// A number or a flag, in the parser's own words.
    Plain(String),
    Text(String),
    List(Vec<Spanned<Self>>),
    Table(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Raw;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, a list or a table")
            }
            fn visit_unit<E: Error>(self) -> Result<Raw, E> {
                Ok(Raw::Nothing)
            }
            fn visit_none<E: Error>(self) -> Result<Raw, E> {
                Ok(Raw::Nothing)
            }
            fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Raw, D::Error> {
                Raw::deserialize(input)
            }
            fn visit_bool<E: Error>(self, flag: bool) -> Result<Raw, E> {
                Ok(Raw::Plain(flag.to_string()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Raw, E> {
                Ok(Raw::Plain(number.to_string()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Raw, E> {
                Ok(Raw::Plain(number.to_string()))
            }
            fn visit_i128<E: Error>(self, number: i128) -> Result<Raw, E> {
                Ok(Raw::Plain(number.to_string()))
            }
            fn visit_u128<E: Error>(self, number: u128) -> Result<Raw, E> {
                Ok(Raw::Plain(number.to_string()))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Raw, E> {
                Ok(Raw::Plain(number.to_string()))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Raw::List(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = items.next_entry()? {
                    all.push(entry);
                }
                Ok(Raw::Table(all))
            }
        }
        input.deserialize_any(Reader)
    }
}

fn node(text: &str, raw: Spanned<Raw>) -> Node {
    // An alias stands for what was written at its anchor: that is the place to mend.
    let at = bytes(text, &raw.defined);
    let value = match raw.value {
        Raw::Nothing => Value::Nothing,
        Raw::Text(words) => Value::Text(words),
        Raw::Plain(words) => Value::Text(as_written(text, &at).unwrap_or(words)),
        Raw::List(all) => Value::List(all.into_iter().map(|item| node(text, item)).collect()),
        Raw::Table(all) => Value::Table(
            all.into_iter()
                .map(|(key, item)| {
                    let at = bytes(text, &key.defined);
                    (Key { at, text: key.value }, node(text, item))
                })
                .collect(),
        ),
    };
    Node { at, value }
}

/// A number or flag exactly as it was written, unless something else is at that place.
fn as_written(text: &str, at: &Range<usize>) -> Option<String> {
    let words = text.get(at.clone())?.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    (!words.is_empty() && words.chars().all(fits)).then(|| words.to_owned())
}

fn bytes(text: &str, place: &serde_saphyr::Location) -> Range<usize> {
    let span = place.span();
    let start = span.byte_offset().and_then(|at| usize::try_from(at).ok());
    let start = start.unwrap_or_else(|| of_line(text, place.line(), place.column()));
    let length = span.byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
    let start = floor(text, start);
    start..floor(text, start.saturating_add(length)).max(start)
}

/// The byte of a line and column, both counted from 1.
fn of_line(text: &str, line: u64, column: u64) -> usize {
    let whole = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let lines = text.split_inclusive('\n').take(whole(line));
    let (start, rest) = text.split_at(lines.map(str::len).sum());
    let in_line = rest.lines().next().unwrap_or_default();
    let within = in_line.char_indices().nth(whole(column)).map_or(in_line.len(), |(at, _)| at);
    start.len() + within
}

/// The last place before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, String> {
        let (page, mut faults) = (Page { path: "x.yaml", text }, vec![]);
        parse(&page, &mut faults).ok_or_else(|| faults.iter().map(|f| f.show()).collect())
    }

    #[test]
    fn values_keep_their_words_and_places() {
        let text = "a: 1.10\nb: [no, 0x1F, \"q\"]\nc: &x {d: ~}\ne: *x\nf:\n";
        let top = read(text).unwrap();
        let texts: Vec<&Value> = match &top.get("b").unwrap().value {
            Value::List(all) => all.iter().map(|node| &node.value).collect(),
            other => panic!("{other:?}"),
        };
        let word = |word: &str| Value::Text(word.to_owned());
        assert_eq!(texts, [&word("no"), &word("0x1F"), &word("q")]);
        assert_eq!(top.get("a").unwrap().value, word("1.10"));
        assert_eq!(&text[top.get("a").unwrap().at.clone()], "1.10");
        assert_eq!(top.get("e").unwrap().get("d").unwrap().value, Value::Nothing);
        assert_eq!(top.get("f").unwrap().value, Value::Nothing);
        assert_eq!(&text[top.entries()[1].0.at.clone()], "b");
    }

    #[test]
    fn merged_tables_are_one() {
        let text = "x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n";
        let top = read(text).unwrap();
        let y = top.get("y").unwrap();
        assert_eq!(y.get("a").unwrap().value, Value::Text("1".to_owned()));
        assert_eq!(y.get("b").unwrap().value, Value::Text("3".to_owned()));
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        for (text, at) in [
            ("a: b: c\n", "x.yaml:1:"),
            ("a: 1\na: 2\n", "x.yaml:2:"),
            ("a:\n  b: {c: [}\n", "x.yaml:2:"),
        ] {
            let what = read(text).unwrap_err();
            assert!(what.starts_with(at), "{what}");
        }
    }
}
