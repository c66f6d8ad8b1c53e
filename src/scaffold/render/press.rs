//! Texts that are parsed once, and rendered as often as is wanted.

use std::{collections::HashMap, io, ops::Range};

use tera::{Context, Delimiters, ErrorKind, Tera};

use super::filters;
use crate::{
    base::{ConfigError, nearest},
    define::Faults,
    scaffold::model::{Delims, Sheet, Words},
};

/// More of one file is nothing that a person wants.
pub(crate) const MAX_FILE: usize = 16 << 20;
/// Faults of one template that are told.
const MAX_FAULTS: usize = 20;

/// The values that a text may name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    context: Context,
    pub(crate) names: Vec<String>,
}

impl Scope {
    pub(crate) fn set(&mut self, name: &str, value: &serde_json::Value) {
        self.context.insert(name.to_owned(), value);
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }

    /// The same with one value more.
    pub(crate) fn with(&self, name: &str, value: &serde_json::Value) -> Self {
        let mut more = self.clone();
        more.set(name, value);
        more
    }
}

/// A text and where it stands.
pub(crate) struct Source {
    pub(super) text: String,
    sheet: Sheet,
    /// Where the text begins in its file; `None` if it is not there as it is.
    start: Option<usize>,
    /// The whole of it, where no exact place is known.
    whole: Range<usize>,
    /// Bytes that were put in front of it.
    lead: usize,
}

impl Source {
    /// A whole file.
    pub(crate) fn file(path: &str, text: &str) -> Self {
        let whole = 0..text.len();
        let sheet = Sheet::new(path, text);
        Self { text: text.to_owned(), sheet, start: Some(0), whole, lead: 0 }
    }

    /// A text out of a file, with something around it.
    pub(crate) fn words(words: &Words, (before, after): (&str, &str)) -> Self {
        let text = format!("{before}{}{after}", words.text);
        let written = words.sheet.text.get(words.at.clone()).unwrap_or_default();
        let start = written.find(&words.text).map(|at| words.at.start + at);
        let (sheet, whole) = (words.sheet.clone(), words.at.clone());
        Self { text, sheet, start, whole, lead: before.len() }
    }

    fn fault(&self, range: Range<usize>, what: impl Into<String>) -> ConfigError {
        let end = self.whole.end;
        let at = self.start.map_or(self.whole.clone(), |start| {
            let of = |at: usize| (start + at.saturating_sub(self.lead)).min(end);
            of(range.start)..of(range.end)
        });
        self.sheet.fault(at, what)
    }

    /// Where a word stands in it.
    fn place_of(&self, word: &str) -> Option<Range<usize>> {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let found = self.text.match_indices(word).find(|(at, _)| {
            let (before, after) = (&self.text[..*at], &self.text[at + word.len()..]);
            let first = before.chars().next_back();
            !first.is_some_and(|c| part(c) || c == '.') && !after.chars().next().is_some_and(part)
        });
        found.map(|(at, _)| at..at + word.len())
    }
}

/// Parsed texts by their name.
pub(crate) struct Press {
    tera: Tera,
    sources: HashMap<String, Source>,
}

impl Press {
    /// Parses all of them; every one that is wrong is told.
    pub(crate) fn new(delims: &Delims, sources: Vec<(String, Source)>) -> Result<Self, Faults> {
        let mut tera = Tera::new();
        tera.autoescape_on(Vec::<String>::new());
        filters::add(&mut tera);
        let (block, variable, comment) =
            (delims.block.clone(), delims.variable.clone(), delims.comment.clone());
        let delims = Delimiters {
            block_start: block.0.into(),
            block_end: block.1.into(),
            variable_start: variable.0.into(),
            variable_end: variable.1.into(),
            comment_start: comment.0.into(),
            comment_end: comment.1.into(),
        };
        if let Err(error) = tera.set_delimiters(delims) {
            return Err(vec![ConfigError::new("delimiters", "", 0..0, error.to_string())]);
        }
        let sources: HashMap<String, Source> = sources.into_iter().collect();
        let blank = tera.clone();
        let all = sources.iter().map(|(name, source)| (name.as_str(), source.text.as_str()));
        let added = tera.add_raw_templates(all);
        let press = Self { tera, sources };
        match added {
            Ok(()) => Ok(press),
            Err(error) => Err(press.faults(&blank, &error)),
        }
    }

    /// The faults of each text by itself; the one that was met first, if none has its own.
    fn faults(&self, blank: &Tera, first: &tera::Error) -> Faults {
        let mut names: Vec<&String> = self.sources.keys().collect();
        names.sort();
        let mut faults: Faults = vec![];
        for name in names {
            let mut alone = blank.clone();
            if let Err(error) = alone.add_raw_template(name, &self.sources[name].text)
                && matches!(error.kind(), ErrorKind::SyntaxError(_))
            {
                faults.extend(self.told(name, &error));
            }
            if faults.len() >= MAX_FAULTS {
                break;
            }
        }
        if faults.is_empty() { self.told("", first) } else { faults }
    }

    /// Renders one, within the limit of a file.
    pub(crate) fn render(&self, name: &str, scope: &Scope) -> Result<Vec<u8>, Faults> {
        self.require(name, scope)?;
        let mut page = Capped { bytes: Vec::with_capacity(256), full: false };
        match self.tera.render_to(name, &scope.context, &mut page) {
            Ok(()) => Ok(page.bytes),
            Err(_) if page.full => {
                let what = format!("this makes more than {} MiB", MAX_FILE >> 20);
                let fault = match self.sources.get(name) {
                    Some(source) => source.fault(0..source.text.len().min(1), what),
                    None => ConfigError::new(name, "", 0..0, what),
                };
                Err(vec![fault.help("no file of a project is so long: is there a loop too many?")])
            }
            Err(error) => Err(self.told(name, &error)),
        }
    }

    /// Refuses a text that names what nobody gave, also where it would only be asked for its truth.
    fn require(&self, name: &str, scope: &Scope) -> Result<(), Faults> {
        let wanted = self.wants(name);
        let missing = wanted.iter().filter(|wanted| !scope.context.contains_key(wanted));
        let fault = |word: &String| {
            let fault = self.fault_of(name, word, format!("there is no value `{word}`"));
            let near = nearest(word, scope.names.iter().map(String::as_str));
            fault.help(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", scope.names.join(", ")),
            })
        };
        let faults: Faults = missing.map(fault).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Whether a text is one of these.
    pub(super) fn has(&self, name: &str) -> bool {
        self.sources.contains_key(name)
    }

    /// A fault at the place of a name in a text, or in what it includes.
    pub(super) fn fault_of(&self, name: &str, word: &str, what: String) -> ConfigError {
        let names = |source: &&Source| source.place_of(word).is_some();
        let own = self.sources.get(name);
        let source = own.filter(names).or_else(|| self.sources.values().find(names)).or(own);
        match source {
            Some(source) => {
                let whole = 0..source.text.len();
                source.fault(source.place_of(word).unwrap_or(whole), what)
            }
            None => ConfigError::new(name, "", 0..0, what),
        }
    }

    /// What the engine says, at the place it means.
    fn told(&self, name: &str, error: &tera::Error) -> Faults {
        if let ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) = error.kind() {
            let what = lower(report.message());
            let range = report.span().range.clone();
            let named = [report.filename(), name].into_iter().find_map(|n| self.sources.get(n));
            return vec![match named {
                Some(source) => source.fault(range, what),
                None => ConfigError::new(report.filename(), "", 0..0, what),
            }];
        }
        // Faults of several texts come as one report.
        let text = error.to_string();
        let mut faults = vec![];
        for part in text.split("error: ").filter(|part| !part.trim().is_empty()) {
            let mut lines = part.lines();
            let what = lower(lines.next().unwrap_or_default());
            let place = lines.next().and_then(|line| line.trim().strip_prefix("--> "));
            let mut place = place.unwrap_or_default().rsplitn(3, ':');
            let (column, line) = (place.next(), place.next());
            let number = |text: Option<&str>| text.and_then(|t| t.parse::<usize>().ok());
            let named = place.next().and_then(|name| self.sources.get(name));
            faults.push(match (named, number(line), number(column)) {
                (Some(source), Some(line), Some(column)) => {
                    let at = offset(&source.text, (line, column));
                    source.fault(at..at + 1, what)
                }
                _ => match self.sources.get(name) {
                    Some(source) => source.fault(0..source.text.len(), what),
                    None => ConfigError::new("template", "", 0..0, what),
                },
            });
        }
        faults
    }

    /// Names that each text wants to be given.
    pub(super) fn all_wants(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        self.sources.keys().map(|name| (name.clone(), self.wants(name)))
    }

    /// Names that a text wants to be given.
    pub(crate) fn wants(&self, name: &str) -> Vec<String> {
        let wanted = self.tera.get_template_variables(name).unwrap_or_default();
        let mut wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        wanted.sort();
        wanted
    }
}

/// The engine's sentences begin like ours.
fn lower(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut all = text.chars();
    let second_is_small = text.chars().nth(1).is_none_or(|c| !c.is_uppercase());
    match all.next() {
        Some(first) if second_is_small => first.to_lowercase().chain(all).collect(),
        _ => text.to_owned(),
    }
}

/// The byte at a line and column, both counted from 1.
fn offset(text: &str, (line, column): (usize, usize)) -> usize {
    let start =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    start + within
}

/// A writer that takes no more than a file may have.
struct Capped {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_FILE {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
