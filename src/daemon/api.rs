//! The API: all verbs over the socket of the home, and over loopback TCP if it is configured.

use std::future::IntoFuture;

use axum::{
    Json, Router,
    extract::Request,
    http::{HeaderName, HeaderValue},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::{
    net::{TcpListener, UnixListener},
    sync::watch,
    task::JoinHandle,
};

use super::{
    Rooms, guard,
    peer::{self, Peer},
};
use crate::{
    adapter::files,
    base::{Code, Home, Refusal},
    client::VERSION_HEADER,
    verb::Noun,
};

/// Binds the listeners and serves in the background until `stop` says `true`; then it ends as soon
/// as the answers under way are out.
pub(super) async fn listen(
    home: &Home,
    rooms: Rooms,
    tcp: Option<(String, String)>,
    stop: watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Refusal> {
    let router = router(rooms.clone());
    let socket = home.api_socket();
    let _ = std::fs::remove_file(&socket);
    let unix = UnixListener::bind(&socket).map_err(|e| cannot(&socket.display(), &e))?;
    files::private_file(&socket).map_err(|e| cannot(&socket.display(), &e))?;
    let local = router.clone().layer(middleware::from_fn_with_state(rooms, peer::check));
    let local = local.into_make_service_with_connect_info::<Peer>();
    let tcp = match tcp {
        None => None,
        Some((address, token)) => {
            let listener = TcpListener::bind(&address).await.map_err(|e| cannot(&address, &e))?;
            Some((listener, token))
        }
    };
    Ok(tokio::spawn(async move {
        let stopped = |mut stop: watch::Receiver<bool>| async move {
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let over_tcp = async {
            if let Some((listener, token)) = tcp {
                let guarded = router.layer(middleware::from_fn_with_state(token, guard::check));
                let serve = axum::serve(listener, guarded);
                let _ = serve.with_graceful_shutdown(stopped(stop.clone())).await;
            }
        };
        let over_socket =
            axum::serve(unix, local).with_graceful_shutdown(stopped(stop.clone())).into_future();
        if let (Err(error), ()) = tokio::join!(over_socket, over_tcp) {
            tracing::error!(%error, "the API ended");
        }
    }))
}

fn router(rooms: Rooms) -> Router {
    Rooms::routes(Router::new())
        .route("/v1/openapi.json", get(|| async { Json(openapi_document()) }))
        .fallback(|request: Request| async move {
            let message =
                format!("there is no endpoint {} {}", request.method(), request.uri().path());
            Refusal::new(Code::NotFound, message)
                .help("GET /v1/openapi.json lists them")
                .into_response()
        })
        .layer(middleware::from_fn(version))
        .with_state(rooms)
}

/// Says in every answer which gaia this is.
async fn version(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(
        HeaderName::from_static(VERSION_HEADER),
        HeaderValue::from_static(env!("CARGO_PKG_VERSION")),
    );
    response
}

/// OpenAPI 3.1 of everything the daemon answers.
#[must_use]
pub fn openapi_document() -> serde_json::Value {
    let nouns: Vec<Noun> = super::rooms::nouns();
    crate::verb::openapi(&nouns, env!("CARGO_PKG_VERSION"))
}

fn cannot(what: &dyn std::fmt::Display, error: &std::io::Error) -> Refusal {
    Refusal::new(Code::Failed, format!("cannot listen on {what}: {error}"))
        .help("`gaia doctor` looks for what holds it")
}
