use std::ops::Range;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, NamedSource, SourceSpan};
use thiserror::Error;

use super::{Code, Refusal};

/// A fault in a definition file, with the place it is at.
#[derive(Debug, Clone, Error, Diagnostic)]
#[error("{what}")]
pub struct ConfigError {
    what: String,
    #[help]
    help: Option<String>,
    #[source_code]
    file: NamedSource<String>,
    #[label("here")]
    at: SourceSpan,
}

impl ConfigError {
    /// A fault at a range of bytes of a file.
    pub fn new(path: &str, text: &str, at: Range<usize>, what: impl Into<String>) -> Self {
        let at = at.start.min(text.len())..at.end.min(text.len());
        let file = NamedSource::new(path, text.to_owned());
        Self { what: what.into(), help: None, file, at: at.into() }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Path, text, place, sentence and advice: all it was made of.
    #[must_use]
    pub fn parts(&self) -> (&str, &str, Range<usize>, &str, Option<&str>) {
        let at = self.at.offset()..self.at.offset() + self.at.len();
        (self.file.name(), self.file.inner(), at, &self.what, self.help.as_deref())
    }

    /// Line and column of the fault, both counted from 1.
    #[must_use]
    pub fn place(&self) -> (usize, usize) {
        let before = &self.file.inner()[..self.at.offset().min(self.file.inner().len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The fault with its line, a mark under its place and what to write instead.
    #[must_use]
    pub fn show(&self) -> String {
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .with_width(100)
            .with_links(false);
        let mut text = String::new();
        let (line, column) = self.place();
        if handler.render_report(&mut text, self).is_err() {
            text.clone_from(&self.what);
        }
        format!("{}:{line}:{column}: {}\n{}", self.file.name(), self.what, text.trim_end())
    }
}

/// All faults as one refusal.
#[must_use]
pub fn faults_refusal(faults: &[ConfigError]) -> Refusal {
    let shown: Vec<String> = faults.iter().map(ConfigError::show).collect();
    Refusal::new(Code::Invalid, shown.join("\n\n"))
}

/// The known word that is nearest to a mistyped one, if any is near.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distances = known.map(|candidate| (distance(word, candidate), candidate));
    distances.filter(|(d, c)| *d <= 1 + c.len() / 4).min().map(|(_, candidate)| candidate)
}

/// Edits that turn one word into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let same = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = same.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
