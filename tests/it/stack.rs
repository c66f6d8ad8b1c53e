//! A whole application whose services wait for each other: a database, a one-shot, an API, a worker
//! and a proxy, made of nothing but Python's standard library and a shell.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::house::{House, alive, kill, number, processes};

const STACK: &str = r#"
name = "stack"

[services.db]
command = ["python3", "db.py"]
port = "auto"
env = { ROWS = "{{ data }}/rows" }
restart = "always"
probe.ready = { tcp = "127.0.0.1:{{ port }}" }

[services.migrate]
type = "oneshot"
command = ["python3", "migrate.py"]
env = { DB_PORT = "{{ services.db.port }}" }
after = { db = "ready" }

[services.api]
command = ["python3", "api.py"]
port = "auto"
env = { DB_PORT = "{{ services.db.port }}", GREETING = "hi" }
after = { migrate = "completed-ok", db = "ready" }

[services.api.probe]
ready = { http = "/readyz", interval = "100ms", failures = 1 }
alive = { http = "/healthz", interval = "100ms" }

[services.worker]
run = "echo worker ready; exec sleep 1000"
after = { migrate = "completed-ok" }
probe.ready = { log = "^worker ready$" }

[services.proxy]
command = ["python3", "proxy.py"]
port = "auto"
env = { API_PORT = "{{ services.api.port }}" }
after = { api = "ready" }
probe.ready = { http = "/healthz" }
"#;

/// Answers each line with all rows, and keeps it as one more if it is not empty.
const DB: &str = r#"
import os, socketserver, time

# Stands for a recovery that takes its time.
while os.path.exists("hold"):
    time.sleep(0.01)

class Rows(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline()
        with open(os.environ["ROWS"], "ab+") as rows:
            rows.write(line.lstrip())
            rows.seek(0)
            answer = rows.read()
        if line:
            self.wfile.write(answer)

class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

Server(("127.0.0.1", int(os.environ["PORT"])), Rows).serve_forever()
"#;

const ASK: &str = r#"
import os, socket

def ask(row):
    with socket.create_connection(("127.0.0.1", int(os.environ["DB_PORT"])), 1) as db:
        db.sendall(row.encode() + b"\n")
        return db.makefile().read()
"#;

const MIGRATE: &str = r#"
from ask import ask

if not ask(""):
    ask("hello")
"#;

/// `/rows` shows the rows, `/rows?NEW` adds one; without the database all but `/healthz` is 503.
const API: &str = r#"
import http.server, os
from ask import ask

class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, row = self.path.partition("?")
        try:
            status, text = 200, "alive" if path == "/healthz" else ask(row)
        except OSError as error:
            status, text = 503, str(error)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Api).serve_forever()
"#;

const PROXY: &str = r#"
import http.client, http.server, os

class Proxy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            api = http.client.HTTPConnection("127.0.0.1", int(os.environ["API_PORT"]), timeout=2)
            api.request("GET", self.path)
            answer = api.getresponse()
            status, text = answer.status, answer.read()
        except OSError as error:
            status, text = 502, str(error).encode()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text)

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Proxy).serve_forever()
"#;

/// A house in which the stack is up.
fn stack() -> House {
    let house = House::with(STACK);
    for (name, text) in [
        ("db.py", DB),
        ("ask.py", ASK),
        ("migrate.py", MIGRATE),
        ("api.py", API),
        ("proxy.py", PROXY),
    ] {
        house.write(name, text);
    }
    house.ok(&["up", "--wait"]);
    house
}

/// All services by name.
fn services(house: &House) -> BTreeMap<String, Value> {
    let all = house.json(&["service", "list"]);
    let named = |s: &Value| (s["name"].as_str().unwrap().to_owned(), s.clone());
    all.as_array().unwrap().iter().map(named).collect()
}

fn service(house: &House, name: &str) -> Value {
    services(house).remove(name).unwrap_or_else(|| panic!("no service {name}"))
}

/// Process ids of all that runs.
fn pids(house: &House) -> BTreeMap<String, i32> {
    let runs = services(house).into_iter().filter(|(_, s)| !s["pid"].is_null());
    runs.map(|(name, s)| (name, number(&s["pid"]))).collect()
}

/// Status and body of an answer; nothing if nobody answers.
fn get(port: &Value, path: &str) -> Option<(u16, String)> {
    let port = u16::try_from(number(port)).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// What happened to services, oldest first: `db ready`.
fn steps(house: &House) -> Vec<String> {
    let events = house.json(&["service", "events", "--all"]);
    let step = |event: &Value| {
        let of = |text: &Value| text.as_str().unwrap().to_owned();
        let (service, kind) = (of(&event["body"]["service"]), of(&event["kind"]));
        format!("{} {}", service.trim_end_matches("@stack"), kind.trim_start_matches("service."))
    };
    events.as_array().unwrap().iter().map(step).collect()
}

/// Processes that any service of this house left behind.
fn left(house: &House) -> Vec<i32> {
    let mark = format!("GAIA_WORKSPACE={}\0", house.workspace().display());
    let of = |pid: &i32| {
        let env = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        alive(*pid) && String::from_utf8_lossy(&env).contains(&mark)
    };
    processes().into_iter().filter(of).collect()
}

#[test]
fn services_come_up_in_the_order_they_depend_on_each_other() {
    let house = stack();

    let chain = [
        "db started",
        "db ready",
        "migrate started",
        "migrate completed",
        "api started",
        "api ready",
        "proxy started",
        "proxy ready",
    ];
    let steps = steps(&house);
    let seen: Vec<&String> = steps.iter().filter(|s| chain.contains(&s.as_str())).collect();
    assert_eq!(seen, chain, "{steps:#?}");
    let at = |step: &str| steps.iter().position(|one| one == step).unwrap();
    assert!(at("migrate completed") < at("worker started"), "{steps:#?}");

    let services = services(&house);
    assert_eq!(services["migrate"]["phase"], "completed");
    for name in ["db", "api", "worker", "proxy"] {
        assert_eq!(services[name]["health"], "ready", "{name}");
    }
    let row = get(&services["proxy"]["port"], "/rows");
    assert_eq!(row, Some((200, "hello\n".to_owned())));
    assert_eq!(house.json(&["up"])["moves"], serde_json::json!([]));
}

#[test]
fn an_api_without_its_database_is_not_ready_and_not_restarted() {
    let house = stack();
    let (before, api) = (pids(&house), service(&house, "api"));

    house.write("hold", "");
    kill(before["db"], "KILL");
    house.until("the api is not ready", || service(&house, "api")["health"] == "not-ready");
    let during = service(&house, "api");
    assert_eq!((&during["phase"], &during["pid"]), (&"running".into(), &api["pid"]));
    assert!(during["why"].to_string().contains("503"), "{during}");
    assert_eq!(get(&api["port"], "/healthz"), Some((200, "alive".to_owned())));
    house.until("the database waits", || service(&house, "db")["phase"] == "starting");

    std::fs::remove_file(house.workspace().join("hold")).unwrap();
    house.until("the api is ready again", || service(&house, "api")["health"] == "ready");

    let mut after = pids(&house);
    assert_ne!(after.insert("db".to_owned(), before["db"]), Some(before["db"]));
    assert_eq!(after, before, "nothing else has another process");
    let restarts = |name: &str| service(&house, name)["restarts"].clone();
    assert_eq!((restarts("db"), restarts("api")), (1.into(), 0.into()));
    let proxy = service(&house, "proxy");
    assert_eq!(get(&proxy["port"], "/rows"), Some((200, "hello\n".to_owned())));
}

#[test]
fn what_is_restarted_without_its_database_waits_for_it() {
    let house = stack();
    house.ok(&["service", "stop", "db", "--wait"]);
    house.ok(&["service", "restart", "api", "proxy"]);
    house.until("both wait", || {
        ["api", "proxy"].iter().all(|name| service(&house, name)["phase"] == "waiting")
    });

    let why = house.ok(&["service", "why", "proxy"]);
    let lines: Vec<&str> = why.lines().map(str::trim_start).collect();
    assert!(lines[0].starts_with("proxy waiting") && lines[1].starts_with("api waiting"), "{why}");
    assert!(lines[2].starts_with("db down"), "{why}");

    house.ok(&["service", "start", "db", "--wait"]);
    house.until("all is well again", || {
        ["db", "api", "proxy"].iter().all(|name| service(&house, name)["health"] == "ready")
    });
    assert_eq!(service(&house, "api")["restarts"], 0);
}

#[test]
fn an_edit_of_one_service_moves_no_other() {
    let house = stack();
    let before = pids(&house);
    house.write("gaia.toml", &STACK.replace("\"hi\"", "\"good day\""));
    assert_eq!(house.json(&["up", "--dry-run"])["moves"], serde_json::json!(["restart api"]));
    house.ok(&["up", "--wait"]);

    let mut after = pids(&house);
    assert_ne!(after.insert("api".to_owned(), before["api"]), Some(before["api"]));
    assert_eq!(after, before);
}

#[test]
fn down_leaves_nothing_and_the_next_up_finds_the_data() {
    let house = stack();
    let before = services(&house);
    let rows = Some((200, "hello\nmore\n".to_owned()));
    assert_eq!(get(&before["proxy"]["port"], "/rows?more"), rows);
    assert!(left(&house).len() >= 4, "{:?}", left(&house));

    house.ok(&["down"]);
    assert_eq!(left(&house), [] as [i32; 0]);
    for name in ["db", "api", "proxy"] {
        let port = number(&before[name]["port"]).to_string();
        assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "{name} on {port}");
    }
    assert!(services(&house).is_empty());

    house.ok(&["up", "--wait"]);
    assert_eq!(get(&service(&house, "proxy")["port"], "/rows"), rows);
}

#[test]
fn short_commands_before_a_service_are_not_lost() {
    // One that lets go of its terminal before it ends, and one that ends at once after it.
    let pair = "\"exec <&- >&- 2>&-; sleep 0.02\", [\"true\"], ";
    let house = House::with(&format!(
        "[services.quick]\npre_start = [{}]\ncommand = [\"sleep\", \"1000\"]\n",
        pair.repeat(8)
    ));
    house.ok(&["up", "--wait", "--timeout", "10s"]);
    assert_eq!(service(&house, "quick")["phase"], "running");
}
