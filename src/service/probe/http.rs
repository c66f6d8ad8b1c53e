use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::raw::expression;
use crate::define::{Any, Faults, Page};

/// A web server answers as wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Http {
    /// `http://HOST:PORT/PATH`, or only the path on the service's own port.
    pub(crate) url: String,
    /// Ranges of status codes that are good, both ends included.
    pub(crate) status: Vec<(u16, u16)>,
    /// Header lines sent along.
    pub(crate) headers: Vec<(String, String)>,
    /// Expression that the body must match.
    pub(crate) body: Option<String>,
}

/// An http probe with all that can be said of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpProbe")]
struct RawHttp {
    /// `http://HOST:PORT/PATH`, or only the path on the service's own port.
    url: String,
    /// Good status codes, e.g. `200`, `"200-299"`, `[200, 204]`; 200 to 399 if it is left out.
    #[schemars(with = "Option<String>")]
    status: Option<toml::Value>,
    /// Header lines sent along.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Expression that the body must match.
    body: Option<String>,
}

/// Checks an http probe: an address, or a table.
pub(super) fn read(page: &Page<'_>, faults: &mut Faults, raw: &Any) -> Option<Http> {
    let raw_http = match raw.get_ref() {
        toml::Value::String(url) => {
            RawHttp { url: url.clone(), status: None, headers: BTreeMap::new(), body: None }
        }
        other => match other.clone().try_into() {
            Ok(table) => table,
            Err(error) => {
                let what = format!("this is no http probe: {}", error.message());
                let help = "write http = \"/path\", or http = { url, status, headers, body }";
                faults.push(page.fault(raw.span(), what).help(help));
                return None;
            }
        },
    };
    let url = raw_http.url;
    if !url.starts_with("http://") && !url.starts_with('/') {
        let what = match url.starts_with("https://") {
            true => "gaia does not probe over TLS".to_owned(),
            false => format!("`{url}` is no address to ask"),
        };
        let help = "write http://127.0.0.1:8000/path, or /path for the service's own port";
        faults.push(page.fault(raw.span(), what).help(help));
    }
    let body = raw_http.body.and_then(|text| expression(page, faults, (raw.span(), text)));
    let status = raw_http.status.as_ref().map_or(Some(vec![(200, 399)]), status);
    if status.is_none() {
        let what = "`status` is no status code and no range of them";
        let help = "write it like 200, \"200-299\" or [200, 204]";
        faults.push(page.fault(raw.span(), what).help(help));
    }
    let headers = raw_http.headers.into_iter().collect();
    Some(Http { url, status: status.unwrap_or_default(), headers, body })
}

fn status(raw: &toml::Value) -> Option<Vec<(u16, u16)>> {
    match raw {
        toml::Value::Integer(code) => u16::try_from(*code).ok().map(|code| vec![(code, code)]),
        toml::Value::String(text) => {
            let (from, to) = text.split_once('-').unwrap_or((text, text));
            let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            (from <= to).then(|| vec![(from, to)])
        }
        toml::Value::Array(all) => {
            all.iter().map(status).collect::<Option<Vec<_>>>().map(|all| all.concat())
        }
        _ => None,
    }
}
