use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::{FORMAT, Manifest, Source, Stamp};
use crate::{
    define::{Any, Faults, Page, Text},
    scaffold::model::Mode,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    format: Spanned<i64>,
    template: RawOrigin,
    #[serde(default)]
    answers: BTreeMap<Text, Any>,
    #[serde(default)]
    files: BTreeMap<Text, RawStamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOrigin {
    name: Text,
    source: Text,
    version: Text,
    #[serde(rename = "ref")]
    reference: Option<Text>,
    commit: Option<Text>,
    target: Option<Text>,
    year: Option<i16>,
    hash: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStamp {
    sha256: Text,
    blob: Text,
    #[serde(default)]
    exec: bool,
    #[serde(default)]
    link: bool,
    at: Option<Text>,
}

/// Only the format, for a file that a newer gaia wrote.
#[derive(Deserialize)]
struct Format {
    format: Spanned<i64>,
}

/// Reads the file, or tells everything that is wrong with it.
pub(crate) fn read(path: &str, text: &str) -> Result<Manifest, Faults> {
    let page = Page { path, text };
    if let Ok(Format { format }) = toml::from_str(text)
        && *format.get_ref() != FORMAT
    {
        let what = format!("this gaia knows format {FORMAT}, and this is {}", format.get_ref());
        let help = "a newer gaia wrote it: use that one, or take the file back from git";
        return Err(vec![page.fault(format.span(), what).help(help)]);
    }
    let mut faults = vec![];
    let raw: Option<RawFile> = page.parse(&mut faults);
    let mut reader = Reader { page, faults };
    let manifest = raw.map(|raw| reader.manifest(raw));
    match manifest {
        Some(manifest) if reader.faults.is_empty() => Ok(manifest),
        _ => Err(reader.faults),
    }
}

struct Reader<'a> {
    page: Page<'a>,
    faults: Faults,
}

impl Reader<'_> {
    fn wrong(&mut self, at: Range<usize>, what: impl Into<String>, help: &str) {
        let fault = self.page.fault(at, what);
        self.faults.push(fault.help(help));
    }

    fn manifest(&mut self, raw: RawFile) -> Manifest {
        debug_assert_eq!(*raw.format.get_ref(), FORMAT);
        let template = self.origin(raw.template);
        let mut answers: Vec<_> = raw.answers.into_iter().collect();
        // The order of asking is that of the file.
        answers.sort_by_key(|(name, _)| name.span().start);
        let answers = answers.into_iter().map(|(name, value)| self.answer(name, value)).collect();
        let files: BTreeMap<_, _> =
            raw.files.into_iter().map(|(path, stamp)| self.file(&path, &stamp)).collect();
        Manifest { template, answers, files }
    }

    fn origin(&mut self, raw: RawOrigin) -> Source {
        let at = raw.version.span();
        if semver::Version::parse(raw.version.get_ref()).is_err() {
            let what = format!("{:?} is no version", raw.version.get_ref());
            self.wrong(at, what, "write three numbers, e.g. \"1.0.0\"");
        }
        self.hex(&raw.hash, 64, "hash");
        if let Some(commit) = &raw.commit {
            let len = if commit.get_ref().len() == 64 { 64 } else { 40 };
            self.hex(commit, len, "commit");
        }
        for text in [&raw.name, &raw.source] {
            if text.get_ref().is_empty() || text.get_ref().contains(char::is_control) {
                self.wrong(text.span(), "this names no template", "take it back from git");
            }
        }
        Source {
            name: raw.name.into_inner(),
            source: raw.source.into_inner(),
            version: raw.version.into_inner(),
            reference: raw.reference.map(Spanned::into_inner),
            commit: raw.commit.map(Spanned::into_inner),
            target: raw.target.map(Spanned::into_inner),
            year: raw.year,
            hash: raw.hash.into_inner(),
        }
    }

    fn answer(&mut self, name: Text, value: Any) -> (String, Value) {
        let (at, kind) = (value.span(), value.get_ref().type_str());
        let value = value_of(value.into_inner()).unwrap_or_else(|| {
            let what = format!("the answer `{}` is a {kind}", name.get_ref());
            let help = "an answer is a text, a whole number, true or false, or a list of texts";
            self.wrong(at, what, help);
            Value::Null
        });
        (name.into_inner(), value)
    }

    fn file(&mut self, path: &Text, raw: &RawStamp) -> (String, Stamp) {
        for place in std::iter::once(path).chain(&raw.at) {
            if let Some(what) = path_fault(place.get_ref()) {
                let help = "write a path below the project's folder, e.g. \"src/main.rs\"";
                self.wrong(place.span(), what, help);
            }
        }
        self.hex(&raw.sha256, 64, "sha256");
        self.hex(&raw.blob, 40, "blob");
        let mode = match (raw.exec, raw.link) {
            (false, false) => Mode::Plain,
            (true, false) => Mode::Exec,
            (_, true) => Mode::Link,
        };
        let stamp = Stamp {
            sha256: raw.sha256.get_ref().clone(),
            blob: raw.blob.get_ref().clone(),
            mode,
            at: raw.at.as_ref().map(|at| at.get_ref().clone()),
        };
        (path.get_ref().clone(), stamp)
    }

    fn hex(&mut self, text: &Text, len: usize, what: &str) {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.get_ref().len() != len || !text.get_ref().bytes().all(hex) {
            let what = format!("{what} is {len} digits of 0 to 9 and a to f");
            self.wrong(
                text.span(),
                what,
                "these lines are gaia's own: take the file back from git",
            );
        }
    }
}

fn value_of(value: toml::Value) -> Option<Value> {
    match value {
        toml::Value::String(text) => Some(Value::String(text)),
        toml::Value::Integer(number) => Some(Value::from(number)),
        toml::Value::Boolean(yes) => Some(Value::Bool(yes)),
        toml::Value::Array(all) => {
            let texts = all.into_iter().map(|one| one.as_str().map(Value::from));
            texts.collect::<Option<Vec<_>>>().map(Value::Array)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// Why a path may not be one of a project's files, if it may not.
#[must_use]
pub(crate) fn path_fault(path: &str) -> Option<String> {
    if path.is_empty() || path.contains(char::is_control) {
        return Some(format!("{path:?} is no path of a file"));
    }
    if path.starts_with('/') {
        return Some(format!("{path:?} is not below the project's folder"));
    }
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return Some(format!("{path:?} does not go straight down from the project's folder"));
    }
    if parts.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
        return Some(format!("{path:?} lies in a folder of git"));
    }
    if parts.first().is_some_and(|part| part.eq_ignore_ascii_case(".gaia")) {
        return Some(format!("{path:?} lies in gaia's own folder"));
    }
    None
}
