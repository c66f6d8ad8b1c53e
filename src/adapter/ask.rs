//! One request to the daemon, without a runtime: for programs that live for a few milliseconds.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use nix::sys::{
    socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, sockopt::SendTimeout},
    time::{TimeVal, TimeValLike},
};

/// Between two tries to reach a daemon that is just starting.
const BREATH: Duration = Duration::from_millis(20);

/// How long the daemon is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until it takes the request.
    pub connect: Duration,
    /// Until it answers; `None` waits for ever.
    pub answer: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// Nobody took the request: it may be sent again.
    Untaken(io::Error),
    /// It was taken, and the answer did not come.
    Lost(io::Error),
}

/// What the daemon said.
#[derive(Debug)]
pub struct Said {
    /// Whether it did what it was asked.
    pub ok: bool,
    /// A JSON document.
    pub body: Vec<u8>,
}

/// Sends a JSON document to a route and waits for the answer.
pub fn post(daemon: &Path, route: &str, body: &[u8], patience: Patience) -> Result<Said, NoAnswer> {
    send(daemon, ("POST", route), body, patience)
}

/// Asks a route.
pub fn get(daemon: &Path, route: &str, patience: Patience) -> Result<Said, NoAnswer> {
    send(daemon, ("GET", route), b"", patience)
}

fn send(
    daemon: &Path,
    (method, route): (&str, &str),
    body: &[u8],
    patience: Patience,
) -> Result<Said, NoAnswer> {
    let mut stream = reach(daemon, patience.connect).map_err(NoAnswer::Untaken)?;
    let head = format!(
        "{method} {route} HTTP/1.1\r\nhost: gaia\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    let mut answer = Vec::new();
    stream
        .set_write_timeout(patience.answer)
        .and_then(|()| stream.set_read_timeout(patience.answer))
        .and_then(|()| stream.write_all(&request))
        .and_then(|()| stream.read_to_end(&mut answer))
        .map_err(NoAnswer::Lost)?;
    said(&answer).ok_or_else(|| NoAnswer::Lost(io::ErrorKind::UnexpectedEof.into()))
}

/// Connects, also to a daemon that is just being started again.
fn reach(daemon: &Path, patience: Duration) -> io::Result<UnixStream> {
    let start = Instant::now();
    loop {
        let left = patience.saturating_sub(start.elapsed());
        match connect(daemon, left.max(BREATH)) {
            Err(error) if left <= BREATH || !may_come(&error) => return Err(error),
            Err(_) => std::thread::sleep(BREATH),
            Ok(stream) => return Ok(stream),
        }
    }
}

fn may_come(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// A daemon that hangs lets callers wait once its queue is full, and only this option ends that.
fn connect(daemon: &Path, patience: Duration) -> io::Result<UnixStream> {
    let socket =
        socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let millis = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
    socket::setsockopt(&socket, SendTimeout, &TimeVal::milliseconds(millis))?;
    socket::connect(std::os::fd::AsRawFd::as_raw_fd(&socket), &UnixAddr::new(daemon)?)?;
    Ok(UnixStream::from(socket))
}

/// The status and the body of an answer; `None` if it was cut off.
fn said(answer: &[u8]) -> Option<Said> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let body = &answer[end + 4..];
    let status = head.split(' ').nth(1)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    Some(Said { ok: status.starts_with('2'), body: body.get(..length)?.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_cut_off_is_none() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        let said_whole = said(whole).unwrap();
        assert!(said_whole.ok);
        assert_eq!(said_whole.body, b"{}");
        for cut in 0..whole.len() {
            assert!(said(&whole[..cut]).is_none(), "cut at {cut}");
        }
        assert!(!said(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").unwrap().ok);
    }
}
