use std::{collections::BTreeMap, time::Duration};

/// Something to be sent to a person, ready to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// A request to a server.
    Post(HttpPost),
    /// A program to run; nothing is spliced into a shell line.
    Run {
        /// Program and arguments.
        argv: Vec<String>,
        /// Its whole environment.
        env: BTreeMap<String, String>,
        /// Time until it is killed.
        timeout: Duration,
    },
    /// A letter.
    Mail(Mail),
}

/// A POST.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpPost {
    /// Where to; it may hold a secret, so it is never shown.
    pub url: String,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Time for all of it.
    pub timeout: Duration,
}

/// A letter and the server that takes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the line is kept secret.
    pub tls: MailTls,
    /// User and password, if the server asks for them.
    pub login: Option<(String, String)>,
    /// Who it is from.
    pub from: String,
    /// Who it is for.
    pub to: Vec<String>,
    /// Subject, one line.
    pub subject: String,
    /// Text.
    pub text: String,
    /// Time for all of it.
    pub timeout: Duration,
}

/// How the line to a mail server is kept secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte.
    Always,
    /// After the greeting, and never without.
    StartTls,
    /// Not at all: to this machine only.
    Loopback,
}

/// Why it was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct NotSent {
    /// What went wrong, without any secret.
    pub what: String,
    /// Whether another try may help.
    pub again: bool,
}

impl std::fmt::Debug for HttpPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpPost").field("body", &self.body.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("host", &self.host).finish_non_exhaustive()
    }
}
