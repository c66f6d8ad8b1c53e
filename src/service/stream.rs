//! Streams of services: their state as it changes, their merged output, their figures for
//! Prometheus.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use axum::{
    Router,
    extract::{FromRef, Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{Stream, stream};

use super::{
    actor::Handle,
    logs::Lines,
    model::ServiceId,
    verb::logs::{Args, open},
    view::{ServiceView, View},
};
use crate::verb::sse;

/// Mounts the streams.
pub(crate) fn routes<S>(router: Router<S>) -> Router<S>
where
    Handle: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    router
        .route("/v1/services/stream", get(changes))
        .route("/v1/services/logs/stream", get(logs))
        .route("/metrics", get(metrics))
}

async fn changes(State(services): State<Handle>) -> Response {
    sse(changed(services))
}

/// Every service whose phase, health or process is another one now.
fn changed(services: Handle) -> impl Stream<Item = ServiceView> + Send + 'static {
    let mut receiver = services.changes();
    let before = Arc::clone(&receiver.borrow_and_update());
    let state = (receiver, before, Vec::<ServiceView>::new());
    stream::unfold(state, |(mut receiver, mut before, mut ready)| async move {
        loop {
            if let Some(view) = ready.pop() {
                return Some((view, (receiver, before, ready)));
            }
            receiver.changed().await.ok()?;
            let now = Arc::clone(&receiver.borrow_and_update());
            ready = news(&before, &now);
            before = now;
        }
    })
}

fn news(before: &View, now: &View) -> Vec<ServiceView> {
    let other = |id: &ServiceId, view: &ServiceView| {
        before.services.get(id).is_none_or(|old| {
            (&old.phase, &old.health, old.incarnation)
                != (&view.phase, &view.health, view.incarnation)
        })
    };
    let new = now.services.iter().filter(|(id, view)| other(id, view));
    new.rev().map(|(_, view)| ServiceView::clone(view)).collect()
}

async fn logs(
    State(services): State<Handle>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let args = crate::verb::query_args::<Args>(pairs);
    let args = match args {
        Ok(args) => args,
        Err(refusal) => return refusal.into_response(),
    };
    match open(&services, &args).await {
        Ok(lines) => sse(stream::unfold(lines, |mut lines: Lines| async move {
            let line = lines.next().await?;
            Some((line, lines))
        })),
        Err(refusal) => refusal.into_response(),
    }
}

/// Figures of all services in the text format of Prometheus (0.0.4).
async fn metrics(State(services): State<Handle>) -> Response {
    services.sample().await;
    let now = services.sessions().ports().clock.now();
    let view = services.view();
    let all: Vec<ServiceView> = view.services.values().map(|service| service.at(now)).collect();
    let head = [("content-type", "text/plain; version=0.0.4; charset=utf-8")];
    (head, text(&all)).into_response()
}

fn text(all: &[ServiceView]) -> String {
    /// Name, type, help, value.
    type Figure = (&'static str, &'static str, &'static str, fn(&ServiceView) -> Option<f64>);
    let figures: [Figure; 8] = [
        ("gaia_service_up", "gauge", "1 while its program runs", |s| {
            Some(f64::from(u8::from(s.pid.is_some())))
        }),
        ("gaia_service_ready", "gauge", "1 while it is ready", |s| {
            Some(f64::from(u8::from(s.health == "ready")))
        }),
        ("gaia_service_restarts_total", "counter", "Restarts that nobody asked for", |s| {
            Some(s.restarts as f64)
        }),
        ("gaia_service_uptime_seconds", "gauge", "Time its program runs", |s| {
            s.uptime_ms.map(|ms| ms as f64 / 1000.0)
        }),
        ("gaia_service_cpu_percent", "gauge", "Share of one processor, its whole tree", |s| {
            s.pid.map(|_| s.cpu_percent)
        }),
        ("gaia_service_memory_bytes", "gauge", "Resident memory, its whole tree", |s| {
            s.pid.map(|_| s.memory_bytes as f64)
        }),
        ("gaia_service_open_files", "gauge", "Open descriptors, its whole tree", |s| {
            s.pid.map(|_| s.open_files as f64)
        }),
        ("gaia_service_threads", "gauge", "Threads, its whole tree", |s| {
            s.pid.map(|_| s.threads as f64)
        }),
    ];
    let mut out = String::new();
    for (name, kind, help, value) in figures {
        let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}");
        for service in all {
            if let Some(value) = value(service) {
                let _ = writeln!(out, "{name}{} {value}", labels(service));
            }
        }
    }
    out
}

/// Names hold nothing that would have to be escaped.
fn labels(service: &ServiceView) -> String {
    let labels = BTreeMap::from([
        ("service", service.name.as_str()),
        ("workspace", service.workspace.as_str()),
    ]);
    let all: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
    format!("{{{}}}", all.join(","))
}
