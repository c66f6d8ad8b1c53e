//! How services look on a screen.

use std::collections::BTreeSet;

use crate::{
    service::view::{AnswerView, ProbeView, ServiceView},
    verb::{Follow, Ui, table},
};

/// What a person sees while a verb waits.
pub(super) fn progress(wanted: bool) -> Option<Follow> {
    wanted.then(|| Follow {
        path: "/v1/services/stream".to_owned(),
        show: |item, ui| {
            let Ok(s) = serde_json::from_value::<ServiceView>(item.clone()) else {
                return String::new();
            };
            let after = match (s.phase.as_str(), s.health.as_str(), s.ready_after_ms) {
                ("running", "ready", Some(ms)) => format!(" after {ms} ms"),
                _ => String::new(),
            };
            let why = s.why.as_deref().map(|why| format!("  {why}")).unwrap_or_default();
            format!("{:<16} {}{after}{why}", s.name, phase(&s, ui))
        },
        raw: false,
    })
}

/// Services as a table.
pub(crate) fn service_table(services: &[ServiceView], ui: &Ui) -> String {
    let many = services.iter().map(|s| &s.workspace).collect::<BTreeSet<_>>().len() > 1;
    let row = |s: &ServiceView| {
        let name = if many { s.id.to_string() } else { s.name.clone() };
        let dash = || "-".to_owned();
        vec![
            name,
            phase(s, ui),
            s.pid.map_or_else(dash, |pid| pid.to_string()),
            s.uptime_ms.map_or_else(dash, span),
            s.restarts.to_string(),
            s.port.map_or_else(dash, |port| port.to_string()),
            s.why.clone().unwrap_or_default().lines().next().unwrap_or("").to_owned(),
        ]
    };
    let head = ["SERVICE", "STATE", "PID", "UPTIME", "RESTARTS", "PORT", ""];
    table(ui, &head, services.iter().map(row).collect())
}

/// Services with what they use.
pub(super) fn usage_table(services: &[ServiceView], ui: &Ui) -> String {
    let row = |s: &ServiceView| {
        let dash = || "-".to_owned();
        vec![
            s.name.clone(),
            phase(s, ui),
            s.pid.map_or_else(dash, |pid| pid.to_string()),
            s.uptime_ms.map_or_else(dash, span),
            s.restarts.to_string(),
            format!("{:.1} %", s.cpu_percent),
            bytes(s.memory_bytes),
            s.port.map_or_else(dash, |port| port.to_string()),
            s.why.clone().unwrap_or_default().lines().next().unwrap_or("").to_owned(),
        ]
    };
    let head = ["SERVICE", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "PORT", ""];
    table(ui, &head, services.iter().map(row).collect())
}

/// A probe and its newest answer.
pub(super) fn probe_line(probe: &ProbeView, ui: &Ui) -> String {
    let role = format!("{:?}", probe.role).to_lowercase();
    let (word, rest) = match (probe.good, probe.answers.last()) {
        (_, None) => (ui.paint("2", "not asked"), String::new()),
        (_, Some(AnswerView { error: Some(error), .. })) => (ui.paint("31", "bad"), error.clone()),
        (_, Some(answer)) => (ui.paint("32", "good"), format!("{} ms", answer.ms)),
    };
    format!("  {role} {}: {word} {rest}", probe.kind)
}

/// Phase and health in a word or two.
pub(super) fn phase(service: &ServiceView, ui: &Ui) -> String {
    let (colour, text) = match (service.phase.as_str(), service.health.as_str()) {
        ("running", "ready") => ("32", "ready".to_owned()),
        ("running", "not-ready") => ("31", "not ready".to_owned()),
        ("running", _) => ("32", "running".to_owned()),
        ("completed", _) => ("32", "completed".to_owned()),
        ("down", _) => ("2", "down".to_owned()),
        (phase @ ("failed" | "blocked" | "lost"), _) => ("31", phase.to_owned()),
        (phase, _) => ("33", phase.to_owned()),
    };
    ui.paint(colour, &text)
}

/// Milliseconds as a person reads them.
pub(super) fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Bytes as a person reads them.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0 => "-".to_owned(),
        1..0x10_0000 => format!("{} KiB", count >> 10),
        0x10_0000..0x4000_0000 => format!("{:.1} MiB", count as f64 / f64::from(1 << 20)),
        _ => format!("{:.1} GiB", count as f64 / f64::from(1 << 30)),
    }
}

/// The first line of a command, and whether there is more.
pub(super) fn first_line(command: &str) -> String {
    let mut lines = command.lines();
    let first = lines.next().unwrap_or("").to_owned();
    if lines.next().is_some() { format!("{first} …") } else { first }
}
