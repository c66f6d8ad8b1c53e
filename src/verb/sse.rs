use std::convert::Infallible;

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures_util::{Stream, StreamExt};
use serde::Serialize;

/// Answers with server-sent events, one JSON document each.
pub fn sse<T: Serialize>(items: impl Stream<Item = T> + Send + 'static) -> Response {
    let events = items.map(|item| {
        Ok::<_, Infallible>(Event::default().json_data(item).unwrap_or_else(|_| Event::default()))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}
