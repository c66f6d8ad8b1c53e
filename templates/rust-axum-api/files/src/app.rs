//! Routes and what wraps them.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{
        DefaultBodyLimit, Path, Request, State as Extract, rejection::JsonRejection, rejection::PathRejection,
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer, trace::TraceLayer};
use tracing::{Span, error, info_span};

use crate::{
    error::Error,
    items::{Item, Items},
};

/// Most bytes of a request's body.
const MAX_BODY: usize = 1 << 20;

/// What the routes share.
#[derive(Debug, Clone, Default)]
pub struct State(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    items: Items,
    stopping: AtomicBool,
}

impl State {
    /// From now on `/readyz` says no, so that no new requests are sent here.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }
}

/// All routes.
pub fn router(state: State) -> Router {
    let logged = TraceLayer::new_for_http().make_span_with(span).on_response(
        |answer: &Response, took: Duration, span: &Span| {
            let (status, took) = (answer.status().as_u16(), took.as_secs_f64());
            tracing::info!(parent: span, status, took, "request");
        },
    );
    let items = Router::new()
        .route("/items", get(list).post(add))
        .route("/items/{id}", get(one).delete(remove))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(15)))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(logged);
    // Probes ask every few seconds: they are not logged.
    Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz)).merge(items).with_state(state)
}

fn span(request: &Request) -> Span {
    info_span!("request", method = %request.method(), path = request.uri().path())
}

/// What went wrong inside is for the log only.
fn panicked(fault: Box<dyn Any + Send>) -> Response {
    let text = fault.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| fault.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    error!(fault = text, "panic");
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "something went wrong" }))).into_response()
}

async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn readyz(Extract(state): Extract<State>) -> Result<Json<Value>, Error> {
    if state.0.stopping.load(Ordering::Relaxed) {
        return Err(Error::Stopping);
    }
    Ok(Json(json!({ "status": "ok" })))
}

async fn list(Extract(state): Extract<State>) -> Json<Vec<Item>> {
    Json(state.0.items.list())
}

/// Body of a request for a new item.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
}

async fn add(
    Extract(state): Extract<State>,
    body: Result<Json<New>, JsonRejection>,
) -> Result<impl IntoResponse, Error> {
    let Json(new) = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::Body(rejection.body_text()),
    })?;
    let item = state.0.items.add(&new.name)?;
    let location = [(header::LOCATION, format!("/items/{}", item.id))];
    Ok((StatusCode::CREATED, location, Json(item)))
}

async fn one(
    Extract(state): Extract<State>,
    id: Result<Path<u64>, PathRejection>,
) -> Result<Json<Item>, Error> {
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    Ok(Json(state.0.items.get(id)?))
}

async fn remove(
    Extract(state): Extract<State>,
    id: Result<Path<u64>, PathRejection>,
) -> Result<StatusCode, Error> {
    let Path(id) = id.map_err(|_| Error::NotFound)?;
    state.0.items.delete(id)?;
    Ok(StatusCode::NO_CONTENT)
}
