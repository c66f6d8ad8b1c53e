//! Talks to the daemon over its socket. Knows the wire, not the domains.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use futures_util::StreamExt;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use tokio::net::UnixStream;

use crate::base::{Code, Refusal};

mod path;

pub(crate) use path::escape;

/// Header in which both sides say which gaia they are.
pub const VERSION_HEADER: &str = "x-gaia-version";

/// The path and query of a question with these arguments.
#[must_use]
pub fn route<A: serde::Serialize>(pattern: &str, args: &A) -> String {
    match serde_json::to_value(args) {
        Ok(Value::Object(args)) => path::route(pattern, args),
        _ => pattern.to_owned(),
    }
}

/// How a verb travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A question; its arguments are path and query.
    Get,
    /// A change; its arguments are path and a JSON body.
    Post,
}

/// A way to one daemon.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
    other: Arc<OnceLock<String>>,
}

impl Client {
    /// A client for the daemon that listens on `socket`.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket, other: Arc::default() }
    }

    /// Whether a daemon listens.
    pub async fn reachable(&self) -> bool {
        UnixStream::connect(&self.socket).await.is_ok()
    }

    /// Sends the arguments (a JSON object) to a route and returns the reply.
    pub async fn send(&self, method: Method, pattern: &str, args: Value) -> Result<Value, Refusal> {
        self.deliver(method, pattern, args).await.unwrap_or_else(Err)
    }

    /// The same; the outer error says that it may be sent again: nobody took it, or it was a
    /// question whose answer was cut off.
    pub async fn deliver(
        &self,
        method: Method,
        pattern: &str,
        args: Value,
    ) -> Result<Result<Value, Refusal>, Refusal> {
        if !self.reachable().await {
            return Err(self.unreachable());
        }
        let reply = self.ask(method, pattern, args).await;
        match reply {
            Err(refusal) if refusal.code == Code::Unreachable && method == Method::Get => {
                Err(refusal)
            }
            other => Ok(other),
        }
    }

    async fn ask(&self, method: Method, pattern: &str, args: Value) -> Result<Value, Refusal> {
        let response = self.request(method, pattern, args).await?;
        let body = response.into_body().collect().await.map_err(|e| self.lost(&e))?.to_bytes();
        serde_json::from_slice(&body).map_err(Refusal::broken)
    }

    /// Which gaia the daemon is, if its answers said that it is not this one.
    #[must_use]
    pub fn other_version(&self) -> Option<&str> {
        self.other.get().map(String::as_str)
    }

    /// Follows server-sent events and hands each document to `each`, until the stream ends or
    /// `each` says `false`.
    pub async fn follow(
        &self,
        path: &str,
        mut each: impl FnMut(Value) -> bool,
    ) -> Result<(), Refusal> {
        let response = self.request(Method::Get, path, Value::Null).await?;
        let mut frames = response.into_body().into_data_stream();
        let mut text = Vec::new();
        while let Some(frame) = frames.next().await {
            text.extend_from_slice(&frame.map_err(|e| self.lost(&e))?);
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = text.drain(..end + 2).collect();
                if let Some(document) = path::data_of(&event)
                    && !each(document)
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn request(
        &self,
        method: Method,
        pattern: &str,
        args: Value,
    ) -> Result<Response<Incoming>, Refusal> {
        let args = match args {
            Value::Object(map) => map,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        let stream = UnixStream::connect(&self.socket).await.map_err(|_| self.unreachable())?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|e| self.lost(&e))?;
        tokio::spawn(connection);
        let request = path::request(method, pattern, args)?;
        let response = sender.send_request(request).await.map_err(|e| self.lost(&e))?;
        let version = response.headers().get(VERSION_HEADER).and_then(|v| v.to_str().ok());
        if let Some(version) = version.filter(|version| *version != env!("CARGO_PKG_VERSION")) {
            let _ = self.other.set(version.to_owned());
        }
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|e| self.lost(&e))?.to_bytes();
        Err(serde_json::from_slice(&body)
            .unwrap_or_else(|_| unknown(status.as_u16(), pattern, &body)))
    }

    fn unreachable(&self) -> Refusal {
        let message = format!("no daemon answers on {}", self.socket.display());
        Refusal::new(Code::Unreachable, message).help("start it with `gaia daemon start`")
    }

    fn lost(&self, error: &dyn std::fmt::Display) -> Refusal {
        let message = format!("the daemon went away in the middle of the answer ({error})");
        Refusal::new(Code::Unreachable, message)
            .help("ask again; `gaia daemon status` tells whether it runs")
    }
}

fn unknown(status: u16, pattern: &str, body: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(body);
    Refusal::new(Code::Broken, format!("the daemon answered {status} to {pattern}: {text}"))
        .help("is it another version? `gaia daemon restart` brings it up to date")
}

/// The body of a request.
type Body = Full<Bytes>;
/// A request as it is sent.
pub(crate) type Outgoing = Request<Body>;
