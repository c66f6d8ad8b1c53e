//! Messages to people: HTTP, programs, letters.

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{authentication::Credentials, client::Tls, client::TlsParameters},
};
use reqwest::{Client, StatusCode, redirect::Policy};

use crate::{
    base::{HttpPost, Mail, MailTls, NotSent, Outgoing},
    port::{Notifier, Prober, Run},
};

/// Bytes of an answer that are looked at.
const ANSWER: usize = 1 << 20;

/// Sends over this machine's network.
pub struct SystemNotifier {
    prober: Arc<dyn Prober>,
}

impl SystemNotifier {
    /// Programs are run by `prober`.
    #[must_use]
    pub fn new(prober: Arc<dyn Prober>) -> Self {
        // A second call changes nothing: the provider is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { prober }
    }
}

#[async_trait]
impl Notifier for SystemNotifier {
    async fn send(&self, outgoing: &Outgoing) -> Result<String, NotSent> {
        match outgoing {
            Outgoing::Post(ask) => post(ask).await,
            Outgoing::Mail(letter) => mail(letter).await,
            Outgoing::Run { argv, env, timeout } => {
                let (argv, env, timeout) = (argv.clone(), env.clone(), *timeout);
                let run = Run { argv, env, cwd: "/".into(), user: None, timeout };
                let ran = self.prober.run(&run).await.map_err(|error| again(error.to_string()))?;
                match ran.code {
                    0 => Ok(ran.output),
                    code => Err(again(format!("exit code {code}: {}", ran.output.trim()))),
                }
            }
        }
    }
}

fn again(what: String) -> NotSent {
    NotSent { what, again: true }
}

fn never(what: String) -> NotSent {
    NotSent { what, again: false }
}

/// A client for one address: what stays on this machine takes no way over a proxy, and nothing
/// that is sent follows a redirection to a stranger.
fn client(url: &reqwest::Url, timeout: Duration) -> Result<Client, NotSent> {
    let builder = Client::builder().redirect(Policy::none()).timeout(timeout);
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let builder = if here { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| again(sentence(error)))
}

async fn post(ask: &HttpPost) -> Result<String, NotSent> {
    let url: reqwest::Url = ask.url.parse().map_err(|_| never("its url is none".into()))?;
    let mut request = client(&url, ask.timeout)?.post(url).body(ask.body.clone());
    for (name, value) in &ask.headers {
        request = request.header(name, value);
    }
    let mut answer = request.send().await.map_err(|error| again(sentence(error)))?;
    let status = answer.status();
    let mut body = Vec::new();
    while body.len() < ANSWER {
        match answer.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(again(sentence(error))),
        }
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    if status.is_success() {
        return Ok(body);
    }
    let said: String = body.chars().filter(|c| !c.is_control()).take(200).collect();
    let what = format!("the server answered {}: {said}", status.as_u16());
    let passing = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
    let again = status.is_server_error() || passing.contains(&status);
    Err(NotSent { what: what.trim_end_matches(": ").to_owned(), again })
}

/// What went wrong, down to its cause, without the address: that may hold a secret.
fn sentence(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

async fn mail(letter: &Mail) -> Result<String, NotSent> {
    let mailbox = |address: &String| {
        address.parse::<Mailbox>().map_err(|_| never(format!("`{address}` is no mail address")))
    };
    let mut builder = Message::builder().from(mailbox(&letter.from)?).subject(&letter.subject);
    for to in &letter.to {
        builder = builder.to(mailbox(to)?);
    }
    let message = builder.header(ContentType::TEXT_PLAIN).body(letter.text.clone());
    let message = message.map_err(|error| never(error.to_string()))?;
    let sent = transport(letter)?.send(message).await;
    match sent {
        Ok(answer) => Ok(answer.message().collect::<Vec<_>>().join(" ")),
        Err(error) if error.is_permanent() => Err(never(error.to_string())),
        Err(error) => Err(again(error.to_string())),
    }
}

fn transport(letter: &Mail) -> Result<AsyncSmtpTransport<Tokio1Executor>, NotSent> {
    let parameters =
        || TlsParameters::new(letter.host.clone()).map_err(|error| again(error.to_string()));
    let tls = match letter.tls {
        MailTls::Always => Tls::Wrapper(parameters()?),
        MailTls::StartTls => Tls::Required(parameters()?),
        MailTls::Loopback => Tls::None,
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&letter.host);
    let builder = builder.port(letter.port).tls(tls).timeout(Some(letter.timeout));
    Ok(match &letter.login {
        Some((user, password)) => {
            builder.credentials(Credentials::new(user.clone(), password.clone())).build()
        }
        None => builder.build(),
    })
}
