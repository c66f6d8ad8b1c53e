//! Probes of a process.

use super::text::Scope;
use crate::define::yaml::Node;
use crate::service::{
    import::{
        draft::{DraftCheck, DraftProbe, DraftService},
        sheet::{Fields, Sheet},
        shell,
    },
    model::Policy,
};

/// gaia gives a start this long by itself.
const START_MS: u64 = 60_000;

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &mut DraftService,
    fields: &mut Fields,
) {
    if let Some(node) = fields.take("readiness_probe") {
        service.ready = probe(sheet, scope, service, (&node, "readiness_probe"));
    }
    if let Some(node) = fields.take("liveness_probe") {
        service.alive = probe(sheet, scope, service, (&node, "liveness_probe"));
    }
    let Some(ready) = &service.ready else { return };
    // There a process that does not become ready, or stays so, is stopped like one that failed.
    service.restart_when_unready = service.restart.is_some_and(|policy| policy != Policy::No);
    let asks = u64::from(ready.failures.unwrap_or(3)) * ready.interval_ms.unwrap_or(10_000);
    let longest = ready.start_period_ms.unwrap_or(0) + asks;
    service.start_timeout_ms = Some(longest).filter(|ms| *ms > START_MS);
}

fn probe(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &DraftService,
    (node, role): (&Node, &'static str),
) -> Option<DraftProbe> {
    let mut fields = sheet.fields(node, scope.name, role);
    let (exec, http) = (fields.take("exec"), fields.take("http_get"));
    if exec.is_some() && http.is_some() {
        sheet.leave(scope.name, &format!("{role}.http_get"), "its `exec` wins");
    }
    let check = match (&exec, &http) {
        (Some(node), _) => command(sheet, scope, service, (node, role)),
        (None, Some(node)) => web(sheet, scope, (node, role)),
        (None, None) => None,
    };
    if fields.take("grpc").is_some() {
        sheet.leave(
            scope.name,
            &format!("{role}.grpc"),
            "gaia does not ask by gRPC; an `exec` probe can",
        );
    } else if exec.is_none() && http.is_none() {
        sheet.leave(scope.name, role, "it asks nothing");
    }
    let mut probe = DraftProbe::new(check.clone().unwrap_or(DraftCheck::Tcp(String::new())));
    let mut number = |key: &'static str| {
        let found = fields.take(key).and_then(|node| sheet.number::<u32>(&node, scope.name, key));
        // What is below 1 is the default there.
        found.filter(|number| *number > 0)
    };
    let ms = |seconds: Option<u32>| seconds.map(|seconds| u64::from(seconds) * 1000);
    probe.start_period_ms = ms(number("initial_delay_seconds"));
    probe.interval_ms = ms(number("period_seconds"));
    probe.timeout_ms = ms(number("timeout_seconds"));
    probe.successes = number("success_threshold").filter(|n| *n > 1);
    probe.failures = number("failure_threshold");
    fields.done(
        sheet,
        &[
            ("interval", "write period_seconds:"),
            ("timeout", "write timeout_seconds:"),
            ("retries", "write failure_threshold:"),
            ("command", "write exec: { command: … }"),
        ],
    );
    check.map(|_| probe)
}

fn command(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    service: &DraftService,
    (node, role): (&Node, &'static str),
) -> Option<DraftCheck> {
    let key = format!("{role}.exec");
    let mut fields = sheet.fields(node, scope.name, "exec");
    let text = fields.take("command").and_then(|node| sheet.text(&node, "command"));
    let dir = fields.take("working_dir").and_then(|node| scope.plain(sheet, &node, "working_dir"));
    fields.leave(sheet, "exec.", &["args"], "process-compose does not read it");
    fields.done(sheet, &[]);
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        sheet.wrong(&node.at, "this probe runs nothing", "write exec: { command: … }");
        return None;
    };
    let line = scope.line(sheet, &text, &key);
    let line = match dir.filter(|dir| service.dir.as_ref() != Some(dir) && dir != ".") {
        Some(dir) if dir.starts_with('/') || service.dir.is_none() => {
            format!("cd {} && {line}", shell::quote(&dir))
        }
        Some(_) => {
            sheet.leave(
                scope.name,
                &format!("{key}.working_dir"),
                "it runs where the service runs",
            );
            line
        }
        None => line,
    };
    Some(DraftCheck::Exec(scope.command(line)))
}

fn web(
    sheet: &mut Sheet<'_>,
    scope: &Scope<'_>,
    (node, role): (&Node, &'static str),
) -> Option<DraftCheck> {
    let key = format!("{role}.http_get");
    let mut fields = sheet.fields(node, scope.name, "http_get");
    let mut part = |name: &'static str, default: &str| match fields.take(name) {
        Some(node) => scope.plain(sheet, &node, &format!("{key}.{name}")),
        None => Some(default.to_owned()),
    };
    let (scheme, host) = (part("scheme", "http"), part("host", "127.0.0.1"));
    let (path, number) = (part("path", "/"), part("port", "80"));
    fields.take("num_port");
    let status: Option<u16> =
        fields.take("status_code").and_then(|node| sheet.number(&node, scope.name, "status_code"));
    let headers = fields.take("headers").map(|node| sheet.pairs(&node, "headers"));
    fields.done(sheet, &[("url", "write host:, port: and path:"), ("uri", "write path:")]);
    let (scheme, host, path, number) = (scheme?, host?, path?, number?);
    if scheme != "http" {
        sheet.leave(
            scope.name,
            &key,
            &format!("gaia does not probe over {scheme}; an `exec` probe with curl can"),
        );
        return None;
    }
    // As there: a port that is none counts as not given.
    let number = number.parse::<u16>().ok().filter(|number| *number > 0).unwrap_or(80);
    let host = if host.is_empty() { "127.0.0.1".to_owned() } else { host };
    let url = format!("http://{host}:{number}/{}", path.trim_start_matches('/'));
    let headers = headers.unwrap_or_default().into_iter();
    let headers = headers.map(|(name, value)| (name, value.unwrap_or_default())).collect();
    let status = status.filter(|code| (1..400).contains(code));
    Some(DraftCheck::Http { url, status, headers })
}
