//! Servers on loopback that remember what they are told.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::PATIENCE;

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Answers = dyn Fn(&Request, usize) -> Option<(u16, String)> + Send + Sync;

/// An HTTP server.
pub(super) struct Http {
    pub(super) url: String,
    seen: watch::Receiver<Vec<Request>>,
}

impl Http {
    /// Answers each request (and how many came before) with a status and a body, or never.
    pub(super) async fn start(
        answer: impl Fn(&Request, usize) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        Self::gated(watch::channel(true).1, answer).await
    }

    /// The same; what is asked for with `getUpdates` is answered once the gate is open.
    pub(super) async fn gated(
        gate: watch::Receiver<bool>,
        answer: impl Fn(&Request, usize) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, seen) = watch::channel(vec![]);
        let (tell, answer): (Arc<_>, Arc<Answers>) = (Arc::new(tell), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, gate.clone(), Arc::clone(&tell), Arc::clone(&answer)));
            }
        });
        Self { url, seen }
    }

    /// Waits until that many requests came; all of them.
    pub(super) async fn requests(&self, count: usize) -> Vec<Request> {
        let mut seen = self.seen.clone();
        let all = tokio::time::timeout(PATIENCE, seen.wait_for(|all| all.len() >= count)).await;
        all.unwrap_or_else(|_| panic!("too few: {:?}", self.seen.borrow())).unwrap().clone()
    }
}

async fn serve(
    stream: TcpStream,
    mut gate: watch::Receiver<bool>,
    tell: Arc<watch::Sender<Vec<Request>>>,
    answer: Arc<Answers>,
) {
    let mut stream = BufReader::new(stream);
    let mut lines = vec![];
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |line: &String| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_lowercase(), value.to_owned()))
    };
    let headers: Vec<_> = lines[1..].iter().filter_map(header).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    let request =
        Request { line: lines[0].clone(), headers, body: String::from_utf8(body).unwrap() };
    if request.line.contains("getUpdates") {
        // A gate that nobody can open any more stays as it is.
        let _ = gate.wait_for(|open| *open).await;
    }
    let before = tell.borrow().len();
    let answer = answer(&request, before);
    tell.send_modify(|all| all.push(request));
    let Some((status, text)) = answer else { return std::future::pending().await };
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close", text.len());
    let _ = stream.write_all(format!("{head}\r\n\r\n{text}").as_bytes()).await;
}

/// A mail server that takes letters without a login and without TLS.
pub(super) struct Smtp {
    pub(super) address: String,
    pub(super) said: Arc<Mutex<Vec<String>>>,
}

impl Smtp {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let said = Arc::new(Mutex::new(vec![]));
        let heard = Arc::clone(&said);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                take_letters(stream, &heard).await;
            }
        });
        Self { address, said }
    }
}

async fn take_letters(stream: TcpStream, heard: &Mutex<Vec<String>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.ok()?;
    let mut letter = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        let answer = match line.split(' ').next().unwrap_or("") {
            "." if letter => {
                letter = false;
                "250 kept\r\n"
            }
            _ if letter => "",
            "EHLO" => "250-test\r\n250 8BITMIME\r\n",
            "DATA" => {
                letter = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        heard.lock().unwrap().push(line);
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}
