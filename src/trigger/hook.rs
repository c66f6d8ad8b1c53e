//! Calls from outside: `POST /v1/hooks/{workspace}/{name}`, signed with the trigger's secret. They
//! come without the token of the API, so nothing is told to who cannot sign.

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{FromRef, Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::Value;

use super::{
    actor::{Handle, Taken},
    model::{Hook, Source},
    sign::{DELIVERY, HEADERS, is_delivery, is_signed},
};
use crate::base::{Code, Name, Refusal};

/// Where they begin.
pub const HOOKS: &str = "/v1/hooks/";
/// Longest body of a call.
const LONGEST: usize = 1 << 20;

/// Mounts the route.
pub(crate) fn routes<S>(router: Router<S>) -> Router<S>
where
    Handle: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    router.route("/v1/hooks/{workspace}/{name}", post(take))
}

async fn take(
    State(handle): State<Handle>,
    Path(path): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(body) = to_bytes(body, LONGEST).await else {
        let refusal = Refusal::new(Code::Invalid, "the body is longer than 1 MiB")
            .help("send where it can be fetched instead");
        return (StatusCode::PAYLOAD_TOO_LARGE, Json(refusal)).into_response();
    };
    match judged(&handle, &path, &headers, &body).await {
        Ok(reply) => (StatusCode::ACCEPTED, Json(reply)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn judged(
    handle: &Handle,
    (workspace, name): &(String, String),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Value, Refusal> {
    // One answer for all of them: who cannot sign learns nothing about what there is.
    let stranger = || {
        Refusal::new(Code::Denied, "there is no such hook, or the signature is missing or wrong")
            .help("sign the raw body with HMAC-SHA256: X-Hub-Signature-256: sha256=…")
    };
    let (Ok(workspace), Ok(name)) = (workspace.parse::<Name>(), name.parse::<Name>()) else {
        return Err(stranger());
    };
    let key = (workspace, name);
    let trigger = handle.trigger(&key).await?;
    let trigger = trigger.ok_or_else(stranger)?;
    let Source::Webhook(hook) = &trigger.source else { return Err(stranger()) };
    let secret = handle.secret(&hook.secret).map_err(|what| {
        tracing::error!(what, trigger = %key.1, "a call cannot be checked");
        stranger()
    })?;
    if !signature(hook, headers).any(|given| is_signed(&secret, body, given)) {
        tracing::warn!(trigger = %key.1, "a call was not signed, or not rightly");
        return Err(stranger());
    }
    let delivery = DELIVERY.iter().find_map(|name| text(headers, name)).map(str::to_owned);
    if delivery.as_deref().is_some_and(|id| !is_delivery(id)) {
        return Err(Refusal::new(Code::Invalid, "the id of the delivery is no plain word"));
    }
    let known = serde_json::json!({
        "body": serde_json::from_slice::<Value>(body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned())),
        "delivery": delivery.clone().unwrap_or_default(),
        "event": text(headers, "x-github-event").unwrap_or_default(),
    });
    let (id, taken) = handle.call(key, delivery, known).await?;
    let (state, why) = match taken {
        Taken::Started => ("started", None),
        Taken::Waits => ("waits", None),
        Taken::Known => ("known", None),
        Taken::Skipped(why) => ("skipped", Some(why)),
    };
    Ok(serde_json::json!({ "id": id, "state": state, "why": why }))
}

fn signature<'a>(hook: &'a Hook, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
    let names = hook.header.as_deref().into_iter().chain(HEADERS.into_iter().filter(|_| {
        // Where a header of its own is named, only that one counts.
        hook.header.is_none()
    }));
    names.filter_map(|name| text(headers, name))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
