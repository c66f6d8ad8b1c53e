//! The command `serve`: `POST /count` counts a text, `GET /healthz` tells that it lives.
//!
//! It speaks the little HTTP that this takes, on this machine only. Take a web framework for more.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use serde_json::json;

use crate::count::Count;

/// Most bytes of a request's head, and of its body.
const MAX_HEAD: u64 = 16 << 10;
const MAX_BODY: u64 = 8 << 20;
/// Longest time without a byte from a client.
const PATIENCE: Duration = Duration::from_secs(10);

/// Listens until the process ends.
pub fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on port {port} of this machine"))?;
    let address = listener.local_addr()?;
    let _ = writeln!(io::stderr(), "{}", json!({ "level": "info", "msg": "listening", "address": address }));
    for stream in listener.incoming() {
        // A client that went away before it was let in is no reason to stop.
        let Ok(stream) = stream else { continue };
        thread::spawn(move || drop(converse(&stream)));
    }
    Ok(())
}

/// One request and its answer.
fn converse(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let (status, body) = match request(&mut reader) {
        Ok(request) => answer(&request),
        Err(error) => ("400 Bad Request", json!({ "error": error.to_string() })),
    };
    let body = format!("{body}\n");
    let length = body.len();
    let head = format!("content-type: application/json\r\ncontent-length: {length}\r\nconnection: close");
    write!(&mut &*stream, "HTTP/1.1 {status}\r\n{head}\r\n\r\n{body}")
}

/// Method and path, and the body.
type Request = (String, Vec<u8>);

fn request(reader: &mut impl BufRead) -> io::Result<Request> {
    let mut head = reader.by_ref().take(MAX_HEAD);
    let mut line = String::new();
    head.read_line(&mut line)?;
    let what = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let mut length = 0;
    loop {
        line.clear();
        head.read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Err(io::Error::other("the head ends too soon, or is too long"));
        }
        if line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<u64>().map_err(io::Error::other)?;
        }
    }
    if length > MAX_BODY {
        return Err(io::Error::other("the body is too large"));
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok((what, body))
}

fn answer((what, body): &Request) -> (&'static str, serde_json::Value) {
    match what.as_str() {
        "GET /healthz" => ("200 OK", json!({ "status": "ok" })),
        "POST /count" => ("200 OK", json!(Count::of(&String::from_utf8_lossy(body)))),
        _ => ("404 Not Found", json!({ "error": "there is GET /healthz and POST /count" })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_their_answers() {
        for (text, status) in [
            ("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK"),
            ("POST /count HTTP/1.1\r\nContent-Length: 7\r\n\r\none two", "200 OK"),
            ("GET /nowhere HTTP/1.1\r\n\r\n", "404 Not Found"),
        ] {
            let request = request(&mut text.as_bytes()).unwrap();
            assert_eq!(answer(&request).0, status, "{text}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let endless = "x".repeat(1 << 20);
        for text in ["", "GET /", "GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", &endless] {
            assert!(request(&mut text.as_bytes()).is_err(), "{text:.40}");
        }
    }
}
