//! A daemon that answers each route as it was told, and remembers what it was asked.

use std::{
    collections::HashMap,
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
};

use serde_json::{Value, json};

/// What a route answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Ok(Value),
    Refuse(Value),
    /// Holds the connection until the daemon ends.
    Hold,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, Answer>,
    asked: Vec<(String, Value)>,
    held: Vec<UnixStream>,
    over: bool,
}

#[derive(Clone, Default)]
struct Shared(Arc<(Mutex<State>, Condvar)>);

/// One life of a daemon.
pub(crate) struct Daemon {
    socket: PathBuf,
    shared: Shared,
}

impl Daemon {
    pub(crate) fn at(socket: &Path) -> Self {
        let _ = std::fs::remove_file(socket);
        std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
        let listener = UnixListener::bind(socket).unwrap();
        let shared = Shared::default();
        let inner = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.0.0.lock().unwrap().over {
                    return;
                }
                let inner = inner.clone();
                std::thread::spawn(move || serve(stream.unwrap(), &inner));
            }
        });
        Self { socket: socket.to_owned(), shared }
    }

    pub(crate) fn says(self, route: &str, reply: Value) -> Self {
        self.answer(route, Answer::Ok(reply))
    }

    pub(crate) fn refuses(self, route: &str, message: &str, help: &str) -> Self {
        let refusal = json!({"code": "denied", "message": message, "help": help});
        self.answer(route, Answer::Refuse(refusal))
    }

    pub(crate) fn holds(self, route: &str) -> Self {
        self.answer(route, Answer::Hold)
    }

    fn answer(self, route: &str, answer: Answer) -> Self {
        self.shared.0.0.lock().unwrap().answers.insert(route.to_owned(), answer);
        self
    }

    /// All it was asked: route and body.
    pub(crate) fn asked(&self) -> Vec<(String, Value)> {
        self.shared.0.0.lock().unwrap().asked.clone()
    }

    /// Returns when it was asked this route.
    pub(crate) fn until_asked(&self, route: &str) -> Value {
        let (state, told) = &*self.shared.0;
        let found = |state: &State| state.asked.iter().find(|(r, _)| r == route).cloned();
        let state = told.wait_while(state.lock().unwrap(), |s| found(s).is_none()).unwrap();
        found(&state).unwrap().1
    }

    /// Ends, and lets go of everybody who waits.
    pub(crate) fn end(self) {
        let held = {
            let mut state = self.shared.0.0.lock().unwrap();
            state.over = true;
            std::mem::take(&mut state.held)
        };
        drop(held);
        // Wakes the listener, which then closes.
        let _ = UnixStream::connect(&self.socket);
        let _ = std::fs::remove_file(&self.socket);
    }
}

fn serve(mut stream: UnixStream, shared: &Shared) {
    let Some((route, body)) = request(&mut stream) else { return };
    let (state, told) = &*shared.0;
    let answer = {
        let mut state = state.lock().unwrap();
        let path = route.split('?').next().unwrap().to_owned();
        let answer = state.answers.get(&path).cloned();
        state.asked.push((route, body));
        if matches!(answer, Some(Answer::Hold)) {
            state.held.push(stream.try_clone().unwrap());
        }
        told.notify_all();
        answer
    };
    let (status, reply) = match answer {
        Some(Answer::Hold) => return,
        Some(Answer::Ok(reply)) => ("200 OK", reply),
        Some(Answer::Refuse(refusal)) => ("403 Forbidden", refusal),
        None => ("404 Not Found", json!({"code": "not-found", "message": "no such route"})),
    };
    let reply = reply.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{reply}",
        reply.len()
    );
}

fn request(stream: &mut UnixStream) -> Option<(String, Value)> {
    let mut text = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&buffer[..count]);
        let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&text[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        if text.len() < end + 4 + length {
            continue;
        }
        let first = String::from_utf8_lossy(&text[..end]).lines().next()?.to_owned();
        let route = first.split(' ').nth(1)?.to_owned();
        let body = serde_json::from_slice(&text[end + 4..]).unwrap_or_default();
        return Some((route, body));
    }
}
