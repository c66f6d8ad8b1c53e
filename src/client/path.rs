//! How arguments become a request: path, query, body.

use http_body_util::Full;
use hyper::{Request, body::Bytes};
use serde_json::{Map, Value};

use super::{Method, Outgoing, VERSION_HEADER};
use crate::base::Refusal;

pub(super) fn request(
    method: Method,
    pattern: &str,
    mut args: Map<String, Value>,
) -> Result<Outgoing, Refusal> {
    let path = fill(pattern, &mut args);
    let (name, uri, body) = match method {
        Method::Get => ("GET", with_query(path, args), Bytes::new()),
        Method::Post => {
            let body = serde_json::to_vec(&args).map_err(Refusal::broken)?;
            ("POST", path, Bytes::from(body))
        }
    };
    Request::builder()
        .method(name)
        .uri(uri)
        .header("host", "gaia")
        .header("content-type", "application/json")
        .header(VERSION_HEADER, env!("CARGO_PKG_VERSION"))
        .body(Full::new(body))
        .map_err(Refusal::broken)
}

/// The path and query of a question.
pub(super) fn route(pattern: &str, mut args: Map<String, Value>) -> String {
    let path = fill(pattern, &mut args);
    with_query(path, args)
}

/// Moves the arguments that a route names out of `args` and into the path.
fn fill(pattern: &str, args: &mut Map<String, Value>) -> String {
    let part = |piece: &str| match piece.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
        Some(key) => escape(&word(&args.remove(key).unwrap_or_default())),
        None => piece.to_owned(),
    };
    pattern.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn with_query(path: String, args: Map<String, Value>) -> String {
    let mut pairs = Vec::new();
    for (key, value) in args {
        match value {
            Value::Null => (),
            Value::Array(items) => {
                pairs.extend(items.iter().map(|item| format!("{key}={}", escape(&word(item)))));
            }
            one => pairs.push(format!("{key}={}", escape(&word(&one)))),
        }
    }
    if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The JSON document of one server-sent event.
pub(super) fn data_of(event: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(event).ok()?;
    let data: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("data:")).collect();
    if data.is_empty() { None } else { serde_json::from_str(data.join("\n").trim()).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_find_their_place() {
        let args =
            serde_json::json!({"name": "a b/c", "all": true, "kind": ["x", "y"], "none": null});
        let Value::Object(map) = args else { unreachable!() };
        let get = request(Method::Get, "/v1/sessions/{name}/logs", map.clone()).unwrap();
        assert_eq!(get.uri(), "/v1/sessions/a%20b%2Fc/logs?all=true&kind=x&kind=y");
        let post = request(Method::Post, "/v1/sessions/{name}/kill", map).unwrap();
        assert_eq!(post.uri(), "/v1/sessions/a%20b%2Fc/kill");
    }
}
