//! Probes: connections and short programs.

use std::{net::ToSocketAddrs, process::Stdio, time::Duration};

use async_trait::async_trait;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, Uri, body::Bytes};
use hyper_util::rt::TokioIo;
use tokio::{io::AsyncReadExt, net::TcpStream, process::Command};

use crate::port::{HttpAnswer, HttpAsk, ProbeError, Prober, Ran, Run};

/// Bytes of a body that are looked at.
const BODY: usize = 64 << 10;
/// Bytes of a program's output that are kept.
const OUTPUT: usize = 4 << 10;

/// Asks over this machine's network.
pub struct SystemProber;

fn bad(what: impl ToString) -> ProbeError {
    ProbeError::Bad(what.to_string())
}

fn unasked(what: impl ToString) -> ProbeError {
    ProbeError::Unasked(what.to_string())
}

async fn within<T>(
    timeout: Duration,
    work: impl Future<Output = Result<T, ProbeError>>,
) -> Result<T, ProbeError> {
    let late = || bad(format!("no answer within {} ms", timeout.as_millis()));
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| Err(late()))
}

async fn connect(address: &str) -> Result<TcpStream, ProbeError> {
    let refused = |e: std::io::Error| match e.raw_os_error() {
        Some(libc::EMFILE | libc::ENFILE) => unasked(format!("no descriptor left: {e}")),
        _ => bad(format!("{address}: {}", plain(&e))),
    };
    TcpStream::connect(address).await.map_err(refused)
}

/// What the system said, without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

async fn get(ask: &HttpAsk) -> Result<HttpAnswer, ProbeError> {
    let uri: Uri = ask.url.parse().map_err(unasked)?;
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let address = match uri.port_u16() {
        Some(_) => authority.clone(),
        None => format!("{authority}:80"),
    };
    let stream = connect(&address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(bad)?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::get(path).header("host", authority).header("connection", "close");
    for (name, value) in &ask.headers {
        request = request.header(name, value);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(unasked)?;
    let answer = sender.send_request(request).await;
    let answer = answer.map_err(|e| bad(format!("{address}: {e}")))?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let mut rest = answer.into_body();
    while ask.body && body.len() < BODY {
        match rest.frame().await {
            Some(Ok(frame)) => body.extend(frame.into_data().unwrap_or_default()),
            Some(Err(_)) | None => break,
        }
    }
    driver.abort();
    Ok(HttpAnswer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Kills the group of a program that has not ended when its time is over.
struct Group(i32);

impl Drop for Group {
    fn drop(&mut self) {
        let group = nix::unistd::Pid::from_raw(-self.0);
        let _ = nix::sys::signal::kill(group, nix::sys::signal::Signal::SIGKILL);
    }
}

async fn run(run: &Run) -> Result<Ran, ProbeError> {
    let Some((program, args)) = run.argv.split_first() else {
        return Err(unasked("there is no program to run"));
    };
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(&run.env).current_dir(&run.cwd);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.process_group(0);
    if let Some(user) = &run.user {
        super::sys::become_user(&mut command, user.clone());
    }
    super::sys::die_with_parent(&mut command);
    let mut child = command.spawn().map_err(|e| unasked(format!("`{program}`: {}", plain(&e))))?;
    let group = Group(child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or(i32::MAX));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (out, err, status) = tokio::join!(tail(out), tail(err), child.wait());
        let status = status.map_err(unasked)?;
        use std::os::unix::process::ExitStatusExt;
        let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
        Ok(Ran { code, output: format!("{out}{err}") })
    };
    let ran = within(run.timeout, work).await;
    drop(group);
    ran
}

/// The end of what a program prints.
async fn tail(from: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut from) = from else { return String::new() };
    let mut kept: Vec<u8> = Vec::new();
    let mut buffer = vec![0; OUTPUT];
    while let Ok(n) = from.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        kept.extend_from_slice(&buffer[..n]);
        let excess = kept.len().saturating_sub(OUTPUT);
        kept.drain(..excess);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[async_trait]
impl Prober for SystemProber {
    async fn http(&self, ask: &HttpAsk) -> Result<HttpAnswer, ProbeError> {
        within(ask.timeout, get(ask)).await
    }

    async fn tcp(&self, address: &str, timeout: Duration) -> Result<(), ProbeError> {
        within(timeout, connect(address)).await.map(drop)
    }

    async fn run(&self, wanted: &Run) -> Result<Ran, ProbeError> {
        run(wanted).await
    }

    fn resolves(&self, host: &str) -> bool {
        (host, 80).to_socket_addrs().is_ok_and(|mut all| all.next().is_some())
    }
}
