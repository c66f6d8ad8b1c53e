use std::collections::BTreeMap;

use toml::Spanned;

use super::{Faults, Page, Text};
use crate::base::{Name, SIGNALS, duration, signal};

/// Names that `limits` may have: setrlimit(2).
const LIMITS: &[&str] =
    &["nofile", "core", "nproc", "as", "fsize", "cpu", "data", "stack", "memlock"];

/// A span of time in milliseconds.
pub(crate) fn span_ms(page: &Page<'_>, faults: &mut Faults, text: &Text) -> Option<u64> {
    if text.get_ref() == "0" {
        return Some(0);
    }
    let span = duration(text.get_ref());
    if span.is_none() {
        let what = format!("`{}` is no span of time", text.get_ref());
        faults.push(page.fault(text.span(), what).help("write it like 500ms, 5s, 1m 30s or 2h"));
    }
    span.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// The number of a signal.
pub(crate) fn signal_number(page: &Page<'_>, faults: &mut Faults, word: &Text) -> Option<i32> {
    let number = signal(word.get_ref());
    if number.is_none() {
        let known: Vec<&str> = SIGNALS.iter().map(|(name, _)| *name).collect();
        let what = format!("`{}` is no signal", word.get_ref());
        let help = format!("one of {}", known.join(", "));
        faults.push(page.fault(word.span(), what).help(help));
    }
    number
}

/// A name of gaia's.
pub(crate) fn name(page: &Page<'_>, faults: &mut Faults, text: &Text) -> Option<Name> {
    match text.get_ref().parse() {
        Ok(name) => Some(name),
        Err(bad) => {
            let near = Name::near(text.get_ref(), "main");
            let fault = page.fault(text.span(), format!("{bad}"));
            faults.push(fault.help(format!("write \"{near}\", for example")));
            None
        }
    }
}

/// Resource limits by their setrlimit(2) name.
pub(crate) fn limits(
    page: &Page<'_>,
    faults: &mut Faults,
    raw: BTreeMap<String, Spanned<u64>>,
) -> BTreeMap<String, u64> {
    let mut limits = BTreeMap::new();
    for (name, limit) in raw {
        if !LIMITS.contains(&name.as_str()) {
            let what = format!("there is no limit `{name}`");
            let help = format!("one of {}", LIMITS.join(", "));
            faults.push(page.fault(limit.span(), what).help(help));
        }
        limits.insert(name, limit.into_inner());
    }
    limits
}

/// Bytes, with or without a binary unit.
pub(crate) fn bytes(page: &Page<'_>, faults: &mut Faults, text: &Text) -> Option<u64> {
    let size = crate::base::size(text.get_ref());
    if size.is_none() {
        let what = format!("`{}` is no size", text.get_ref());
        faults.push(page.fault(text.span(), what).help("write it like 512KiB, 16MiB or 2GiB"));
    }
    size
}
