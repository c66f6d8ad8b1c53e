//! What is wrong with a file, and values of the shapes that its keys promise.

use std::{cell::RefCell, ops::Range};

use super::keys::{Key, Shape};
use crate::{
    base::{duration, nearest},
    define::{
        Faults, Page,
        yaml::{Node, Value},
    },
    workflow::text::Wrong,
};

/// More faults of one file are not told.
const MAX_FAULTS: usize = 100;

/// Faults carry the text of their file; together they carry no more than this.
const MAX_BYTES: usize = 16 << 20;

/// A file that is read.
pub(super) struct Sheet<'a> {
    pub(super) page: Page<'a>,
    faults: RefCell<Vec<Wrong>>,
    /// Where its lines end.
    ends: Vec<usize>,
}

/// The values of a table by the names of its keys.
#[derive(Default)]
pub(super) struct Fields<'a> {
    all: Vec<(&'static str, &'a Node, Range<usize>)>,
    /// Keys whose value was of another shape.
    broken: Vec<&'static str>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(page: Page<'a>) -> Self {
        let ends = page.text.match_indices('\n').map(|(at, _)| at).collect();
        Self { page, faults: RefCell::default(), ends }
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.ends.partition_point(|end| *end < at) + 1
    }

    /// Something wrong at a place, and what to write instead.
    pub(super) fn fault(
        &self,
        at: &Range<usize>,
        what: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.faults.borrow_mut().push(Wrong::new(at.clone(), what, help));
    }

    /// Something wrong inside of a text.
    pub(super) fn wrong(&self, node: &Node, text: &str, wrong: Wrong) {
        let at = self.within(node, text, &wrong.at);
        self.faults.borrow_mut().push(Wrong { at, ..wrong });
    }

    /// Where a range of a text stands in the file. Quotes, folds and indents lie between the two:
    /// the same words, as often after the beginning, are looked for.
    fn within(&self, node: &Node, text: &str, inner: &Range<usize>) -> Range<usize> {
        let Some(written) = self.page.text.get(node.at.clone()) else { return node.at.clone() };
        let whole = node.at.clone();
        if inner.is_empty() {
            return whole;
        }
        let (Some(before), Some(words)) = (text.get(..inner.start), text.get(inner.clone())) else {
            return whole;
        };
        let nth = before.matches(words).count();
        let found = written.match_indices(words).nth(nth);
        found.map_or(whole, |(at, _)| node.at.start + at..node.at.start + at + words.len())
    }

    /// Whether anything is wrong.
    pub(super) fn is_good(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// All faults in the order of the file.
    pub(super) fn into_faults(self) -> Faults {
        let mut wrongs = self.faults.into_inner();
        wrongs.sort_by_key(|wrong| wrong.at.start);
        wrongs.dedup();
        let most = (MAX_BYTES / self.page.text.len().max(1)).clamp(1, MAX_FAULTS);
        let more = wrongs.len().saturating_sub(most);
        wrongs.truncate(most);
        if let Some(last) = wrongs.last_mut().filter(|_| more > 0) {
            last.help = format!("{} ({more} more faults are not shown)", last.help);
        }
        let fault = |wrong: Wrong| {
            let fault = self.page.fault(wrong.at, wrong.what);
            if wrong.help.is_empty() { fault } else { fault.help(wrong.help.trim().to_owned()) }
        };
        wrongs.into_iter().map(fault).collect()
    }

    /// The values of a table. A key that is not known, one that is there twice under two names and
    /// one with a value of another shape is told and left out.
    pub(super) fn fields<'n>(
        &self,
        node: &'n Node,
        keys: &[&'static [Key]],
        foreign: &[(&str, &str)],
    ) -> Fields<'n> {
        let mut fields = Fields::default();
        for (name, value) in node.entries() {
            // `x-…` is what people keep anchors under.
            if name.text.starts_with("x-") {
                continue;
            }
            let all = || keys.iter().flat_map(|keys| keys.iter());
            let known = all().find(|k| k.name == name.text || k.also.contains(&&*name.text));
            let Some(key) = known else {
                let help = foreign.iter().find(|(word, _)| *word == name.text);
                let names = all().flat_map(|k| std::iter::once(&k.name).chain(k.also));
                let near = || nearest(&name.text, names.copied());
                let help = help.map(|(_, help)| (*help).to_owned());
                let help = help.or_else(|| near().map(|near| format!("did you mean `{near}`?")));
                let what = format!("there is no key `{}` here", name.text);
                self.fault(&name.at, what, help.unwrap_or_default());
                continue;
            };
            if fields.get(key.name).is_some() {
                let what = format!("`{}` says what `{}` says already", name.text, key.name);
                self.fault(&name.at, what, "write one of them");
            } else if self.fits(key.shape, &name.text, value) {
                fields.all.push((key.name, value, name.at.clone()));
            } else {
                fields.broken.push(key.name);
            }
        }
        fields
    }

    /// Whether a value has the shape that its key promises; tells it if not.
    pub(super) fn fits(&self, shape: Shape, name: &str, node: &Node) -> bool {
        let fits = shape_fits(shape, node);
        if !fits {
            let (words, found) = (shape.words(), self.found(node));
            let what = format!("`{name}` must be {words}, not {found}");
            let word = node.text().unwrap_or_default();
            let near = match shape {
                Shape::Word(known) => nearest(word, known.iter().copied()),
                _ => None,
            };
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let number = word.parse::<f64>().is_ok() && matches!(shape, Shape::Span);
            let help = help.or_else(|| number.then(|| format!("write `{word}s` for seconds")));
            self.fault(&node.at, what, help.unwrap_or_default());
        }
        fits
    }

    /// What a value is, for a message.
    fn found(&self, node: &Node) -> String {
        match &node.value {
            Value::Text(text) if text.len() <= 40 => format!("`{}`", text.trim()),
            Value::Text(_) => "a text".to_owned(),
            Value::Nothing | Value::List(_) | Value::Table(_) => node.kind().to_owned(),
        }
    }
}

impl Node {
    /// Its text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Nothing | Value::List(_) | Value::Table(_) => None,
        }
    }

    /// Its items, if it is a list.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            Value::Nothing | Value::Text(_) | Value::Table(_) => None,
        }
    }

    /// Whether it is a table.
    pub(super) const fn is_table(&self) -> bool {
        matches!(self.value, Value::Table(_))
    }
}

impl<'a> Fields<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        self.all.iter().find(|(known, ..)| *known == name).map(|(_, node, _)| *node)
    }

    /// Where the key itself stands.
    pub(super) fn place(&self, name: &str) -> Option<&Range<usize>> {
        self.all.iter().find(|(known, ..)| *known == name).map(|(.., at)| at)
    }

    /// Whether there is a key of another shape than it should have: that is told already.
    pub(super) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(&name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.text()
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        flag(self.text(name)?)
    }

    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// A whole number that is counted with.
    pub(super) fn count(&self, name: &str) -> Option<u32> {
        self.whole(name).map(|n| u32::try_from(n.max(0)).unwrap_or(u32::MAX))
    }

    pub(super) fn span_ms(&self, name: &str) -> Option<u64> {
        span_ms(self.text(name)?)
    }

    /// The texts of a list, or the one text, with their nodes.
    pub(super) fn texts(&self, name: &str) -> Vec<&'a Node> {
        self.get(name).map_or(vec![], one_or_many)
    }
}

/// One node, or the items of a list.
pub(super) fn one_or_many(node: &Node) -> Vec<&Node> {
    node.items().map_or_else(|| vec![node], |items| items.iter().collect())
}

pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "yes" | "on" => Some(true),
        "false" | "False" | "no" | "off" => Some(false),
        _ => None,
    }
}

pub(super) fn span_ms(text: &str) -> Option<u64> {
    let span = duration(text.trim())?;
    Some(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

fn shape_fits(shape: Shape, node: &Node) -> bool {
    let text = node.text();
    match shape {
        Shape::Text => text.is_some(),
        Shape::Flag => text.is_some_and(|text| flag(text).is_some()),
        Shape::Whole(least) => {
            text.and_then(|text| text.parse::<i64>().ok()).is_some_and(|n| n >= least)
        }
        Shape::Number(least) => text
            .and_then(|text| text.parse::<f64>().ok())
            .is_some_and(|n| n.is_finite() && n >= least),
        Shape::Span => text.is_some_and(|text| span_ms(text).is_some()),
        Shape::Word(known) => text.is_some_and(|text| known.contains(&text)),
        Shape::Texts => one_or_many(node).iter().all(|node| node.text().is_some()),
        Shape::Values | Shape::Table(_) => node.is_table() || node.value == Value::Nothing,
        Shape::Either(shapes) => shapes.iter().any(|shape| shape_fits(*shape, node)),
        Shape::List => node.items().is_some(),
        Shape::Own(_) | Shape::Any => true,
    }
}

impl Shape {
    /// In words, with the article.
    fn words(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Whole(least) if least > i64::from(i32::MIN) => {
                format!("a whole number from {least} on")
            }
            Self::Whole(_) => "a whole number".to_owned(),
            Self::Number(_) => "a number".to_owned(),
            Self::Span => "a span of time such as 30s, 5m or 1h 30m".to_owned(),
            Self::Word(known) => format!("one of {}", known.join(", ")),
            Self::Texts => "a text or a list of texts".to_owned(),
            Self::Values | Self::Table(_) => "a table".to_owned(),
            Self::Either(shapes) => {
                let all: Vec<String> = shapes.iter().map(|shape| shape.words()).collect();
                all.join(" or ")
            }
            Self::List => "a list".to_owned(),
            Self::Own(what) => what.to_owned(),
            Self::Any => "anything".to_owned(),
        }
    }
}
