use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{Check, Probe, http};
use crate::define::{self, Any, Faults, Page, Text, span_ms};

/// A probe: exactly one kind, and how often it is asked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProbe {
    /// A web server answers: an address, a path on the service's own port, or a table.
    #[schemars(with = "Option<String>")]
    http: Option<Any>,
    /// Something takes connections at `HOST:PORT` (or `PORT`).
    #[schemars(with = "Option<String>")]
    tcp: Option<Text>,
    /// A command ends with 0, run in the environment of the service.
    #[schemars(with = "Option<String>")]
    exec: Option<Any>,
    /// A line of the output since the start matches this expression.
    #[schemars(with = "Option<String>")]
    log: Option<Text>,
    /// This file is there.
    #[schemars(with = "Option<String>")]
    file: Option<Text>,
    /// A process of the service listens on this port: a number, a name of its `ports`, or `true`.
    #[schemars(with = "Option<String>")]
    port: Option<Any>,
    /// The screen of its pane matches this expression.
    #[schemars(with = "Option<String>")]
    pane: Option<Text>,
    /// The service says it itself (sd_notify): `READY=1`, and `WATCHDOG=1` for `alive`.
    #[schemars(with = "Option<bool>")]
    notify: Option<Spanned<bool>>,
    /// Time between two asks; `10s` if it is left out.
    #[schemars(with = "Option<String>")]
    interval: Option<Text>,
    /// Time after which no answer is a bad one; `2s` if it is left out.
    #[schemars(with = "Option<String>")]
    timeout: Option<Text>,
    /// Bad answers in a row that count; 3 if it is left out.
    #[schemars(with = "Option<u32>")]
    failures: Option<Spanned<u32>>,
    /// Good answers in a row that count; 1 if it is left out.
    #[schemars(with = "Option<u32>")]
    successes: Option<Spanned<u32>>,
    /// Time after the start in which bad answers do not count.
    #[schemars(with = "Option<String>")]
    start_period: Option<Text>,
    /// First pause between two asks while the service starts; `100ms` if it is left out.
    #[schemars(with = "Option<String>")]
    start_interval: Option<Text>,
}

/// Checks a probe.
pub(crate) fn read(
    page: &Page<'_>,
    faults: &mut Faults,
    (at, raw): (Range<usize>, RawProbe),
) -> Option<Probe> {
    let before = faults.len();
    let mut checks = Vec::new();
    if let Some(raw) = raw.http {
        checks.extend(http::read(page, faults, &raw).map(Check::Http));
    }
    if let Some(text) = raw.tcp {
        checks.push(Check::Tcp(address(page, faults, &text)));
    }
    if let Some(raw) = raw.exec {
        checks.extend(define::command_of(page, faults, &raw).map(Check::Exec));
    }
    checks.extend(
        raw.log
            .and_then(|text| expression(page, faults, (text.span(), text.into_inner())))
            .map(Check::Log),
    );
    checks.extend(raw.file.map(|text| Check::File(text.into_inner())));
    if let Some(value) = raw.port {
        checks.push(Check::Port(port(&value)));
    }
    checks.extend(
        raw.pane
            .and_then(|text| expression(page, faults, (text.span(), text.into_inner())))
            .map(Check::Pane),
    );
    checks.extend(raw.notify.filter(|on| *on.get_ref()).map(|_| Check::Notify));
    let mut probe = match <[Check; 1]>::try_from(checks) {
        Ok([check]) => Probe::new(check),
        Err(all) => {
            let what = match all.len() {
                0 => "this probe asks nothing".to_owned(),
                _ => {
                    let kinds: Vec<&str> = all.iter().map(Check::kind).collect();
                    format!("this probe asks several things: {}", kinds.join(", "))
                }
            };
            let help = "give it one of http, tcp, exec, log, file, port, pane, notify; several probes of one role stand in a list";
            // A probe that is wrong in itself was told already.
            if faults.len() == before {
                faults.push(page.fault(at, what).help(help));
            }
            return None;
        }
    };
    spans(
        page,
        faults,
        &mut probe,
        (raw.interval, raw.timeout, raw.start_period, raw.start_interval),
    );
    probe.failures = raw.failures.map_or(probe.failures, Spanned::into_inner).max(1);
    probe.successes = raw.successes.map_or(probe.successes, Spanned::into_inner).max(1);
    for (name, ms) in [("interval", &mut probe.interval_ms), ("timeout", &mut probe.timeout_ms)] {
        if *ms == 0 {
            faults.push(page.fault(at.clone(), format!("`{name}` of a probe cannot be 0")));
            *ms = 1000;
        }
    }
    Some(probe)
}

/// Interval, timeout, start period, start interval.
type Spans = (Option<Text>, Option<Text>, Option<Text>, Option<Text>);

fn spans(page: &Page<'_>, faults: &mut Faults, probe: &mut Probe, raw: Spans) {
    let mut span = |text: Option<Text>, place: &mut u64| {
        if let Some(ms) = text.and_then(|text| span_ms(page, faults, &text)) {
            *place = ms;
        }
    };
    span(raw.0, &mut probe.interval_ms);
    span(raw.1, &mut probe.timeout_ms);
    span(raw.2, &mut probe.start_period_ms);
    span(raw.3, &mut probe.start_interval_ms);
}

/// An expression that a probe looks for.
pub(super) fn expression(
    page: &Page<'_>,
    faults: &mut Faults,
    (at, text): (Range<usize>, String),
) -> Option<String> {
    match regex::Regex::new(&text) {
        Ok(_) => Some(text),
        Err(error) => {
            let error = error.to_string();
            let why = error.lines().last().unwrap_or("").trim().to_owned();
            let what = format!("`{text}` is no regular expression: {why}");
            let help = "the syntax is that of Rust's regex; write \\( for a bracket";
            faults.push(page.fault(at, what).help(help));
            None
        }
    }
}

/// `HOST:PORT`, from that or from a port alone.
fn address(page: &Page<'_>, faults: &mut Faults, text: &Text) -> String {
    let word = text.get_ref();
    let (host, port) = word.rsplit_once(':').unwrap_or(("127.0.0.1", word));
    if word.contains("{{") {
        return format!("{host}:{port}");
    }
    if host.is_empty() || !port.parse::<u16>().is_ok_and(|port| port > 0) {
        let what = format!("`{word}` is no address to connect to");
        faults.push(page.fault(text.span(), what).help("write HOST:PORT, e.g. 127.0.0.1:5432"));
    }
    format!("{host}:{port}")
}

fn port(value: &Any) -> String {
    match value.get_ref() {
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::String(text) => text.clone(),
        _ => "port".to_owned(),
    }
}
