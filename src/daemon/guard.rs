//! Who may use the API over TCP: whoever knows the token, from this machine, and no web page.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;

use crate::{
    base::{Code, Refusal},
    trigger::HOOKS,
};

/// Lets a request pass if its token is right and neither `Host` nor `Origin` is a stranger's: a
/// page that rebinds its own name to 127.0.0.1 still sends its own name (DNS rebinding).
pub(super) async fn check(State(token): State<String>, request: Request, next: Next) -> Response {
    // Calls from outside prove themselves by their signature.
    if request.method() == axum::http::Method::POST && request.uri().path().starts_with(HOOKS) {
        return next.run(request).await;
    }
    match judge(&token, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

fn judge(token: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    if !text(header::HOST).is_some_and(is_loopback) {
        return Err(Refusal::new(Code::Denied, "the Host header does not name this machine"));
    }
    if let Some(origin) = text(header::ORIGIN)
        && !origin.split_once("://").is_some_and(|(_, host)| is_loopback(host))
    {
        return Err(Refusal::new(Code::Denied, "the Origin header names another site"));
    }
    let given = text(header::AUTHORIZATION).and_then(|v| v.strip_prefix("Bearer ")).unwrap_or("");
    if bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
        Ok(())
    } else {
        Err(Refusal::new(Code::Denied, "the bearer token is missing or wrong")
            .help("it stands in run/token of the home; send it as `Authorization: Bearer …`"))
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(pairs: &[(&str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: header::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        judge("secret", &headers).is_ok()
    }

    #[test]
    fn only_a_known_caller_from_this_machine_passes() {
        let token = ("authorization", "Bearer secret");
        assert!(verdict(&[token, ("host", "127.0.0.1:7777")]));
        assert!(verdict(&[token, ("host", "[::1]:7777"), ("origin", "http://localhost:3000")]));
        assert!(!verdict(&[("host", "127.0.0.1:7777")]));
        assert!(!verdict(&[("authorization", "Bearer secres"), ("host", "localhost")]));
        assert!(!verdict(&[token, ("host", "evil.example:7777")]));
        assert!(!verdict(&[token, ("host", "localhost"), ("origin", "https://evil.example")]));
        assert!(!verdict(&[token]));
    }
}
