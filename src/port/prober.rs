use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use async_trait::async_trait;

use crate::base::unit::User;

/// Asks how a program is, from outside.
#[async_trait]
pub trait Prober: Send + Sync {
    /// Sends a GET and says the status code and the first `limit` bytes of the body.
    async fn http(&self, ask: &HttpAsk) -> Result<HttpAnswer, ProbeError>;
    /// Connects to `HOST:PORT` and hangs up.
    async fn tcp(&self, address: &str, timeout: Duration) -> Result<(), ProbeError>;
    /// Runs a program to its end; at the end of its time its whole group is killed.
    async fn run(&self, run: &Run) -> Result<Ran, ProbeError>;
    /// Whether a host has an address.
    fn resolves(&self, host: &str) -> bool;
}

/// A GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAsk {
    /// `http://HOST:PORT/PATH`
    pub url: String,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// Whether the body is wanted.
    pub body: bool,
    /// Time for all of it.
    pub timeout: Duration,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Beginning of the body, if it was wanted.
    pub body: String,
}

/// A program to run beside a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// Working folder.
    pub cwd: PathBuf,
    /// User, if not gaia's own.
    pub user: Option<User>,
    /// Time until it is killed.
    pub timeout: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Exit code, or 128 and the signal.
    pub code: i32,
    /// The end of what it printed, at most 4 KiB.
    pub output: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The answer is no.
    #[error("{0}")]
    Bad(String),
    /// The question could not be asked: that says nothing about the program.
    #[error("{0}")]
    Unasked(String),
}
