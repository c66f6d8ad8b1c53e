//! Services: real programs that misbehave in all the ways that programs do.
//!
//! Programs are inline lines of `sh` and `python3`. Each test waits for what the daemon says or for
//! what the kernel shows, and ends its house.

mod crash;
mod errors;
mod exits;
mod forking;
mod hooks;
mod notify;
mod order;
mod output;
mod panes;
mod ports;
mod probes;
mod recover;
mod reload;
mod secrets;
mod start;
mod stop;
mod watch;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::house::{House, processes};

/// How long anything may take before the test says what it saw.
const PATIENCE: Duration = Duration::from_secs(20);
/// A daemon that does not tell of a change is asked again after this long.
const LOOK: Duration = Duration::from_millis(10);

/// Says READY=1, WATCHDOG=1 or anything else to gaia: `say("READY=1")`.
const SAY: &str = r#"
import os, socket, time, sys, signal
def say(word):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(word.encode(), os.environ["NOTIFY_SOCKET"])
"#;

impl House {
    /// A house whose workspace `s` holds these services, and is up.
    fn serving(services: &str) -> Self {
        let house = Self::declaring(services);
        house.up();
        house
    }

    /// Brings it up, and waits.
    fn up(&self) {
        self.ok(&["up", "--wait", "--timeout", "20s"]);
    }

    /// The same, not up yet.
    fn declaring(services: &str) -> Self {
        Self::with(&format!("name = \"s\"\n{services}"))
    }

    /// Other services from now on.
    fn declare(&self, services: &str) {
        self.write("gaia.toml", &format!("name = \"s\"\n{services}"));
    }

    /// A question to the daemon, without a process for it; `None` where none answers.
    fn get(&self, path: &str) -> Option<Value> {
        let mut stream = UnixStream::connect(self.home().join("run/gaia.sock")).ok()?;
        let ask = format!("GET {path} HTTP/1.1\r\nhost: gaia\r\nconnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    /// Every service of the house; starts its daemon if need be.
    fn services(&self) -> Vec<Value> {
        let found = self.get("/v1/services");
        let found = found.unwrap_or_else(|| self.json(&["service", "list"]));
        found.as_array().unwrap().clone()
    }

    fn service(&self, name: &str) -> Value {
        let found = self.services().into_iter().find(|service| service["name"] == name);
        found.unwrap_or_else(|| panic!("no service {name}: {:#?}", self.services()))
    }

    /// Waits until a service is as wanted; the service then.
    fn until_service(&self, name: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        let mut changes = self.changes();
        loop {
            let service = self.service(name);
            if wanted(&service) {
                return service;
            }
            if start.elapsed() > PATIENCE {
                let events = self.gaia(&["service", "events", name]);
                let events = String::from_utf8_lossy(&events.stdout).into_owned();
                panic!("never: {name}: {what}\n{service:#}\n{events}\n{}", self.log());
            }
            let ended = changes
                .as_mut()
                .is_none_or(|reader| matches!(reader.read_line(&mut String::new()), Ok(0)));
            if ended {
                changes = self.changes();
            }
        }
    }

    /// What the daemon tells of services as they change; a read ends after [`LOOK`] without news.
    fn changes(&self) -> Option<BufReader<UnixStream>> {
        let mut stream = UnixStream::connect(self.home().join("run/gaia.sock")).ok()?;
        stream.set_read_timeout(Some(LOOK)).ok()?;
        stream.write_all(b"GET /v1/services/stream HTTP/1.1\r\nhost: gaia\r\n\r\n").ok()?;
        Some(BufReader::new(stream))
    }

    fn until_phase(&self, name: &str, phase: &str) -> Value {
        self.until_service(name, phase, |service| service["phase"] == phase)
    }

    fn until_health(&self, name: &str, health: &str) -> Value {
        self.until_service(name, health, |service| service["health"] == health)
    }

    /// Facts of one kind about a service, oldest first.
    fn facts(&self, kind: &str, name: &str) -> Vec<Value> {
        let kind = format!("service.{kind}");
        let all = self.json(&["service", "events", name, "--limit", "1000"]);
        let of = all.as_array().unwrap().iter().filter(|fact| fact["kind"] == *kind);
        of.map(|fact| fact["body"].clone()).collect()
    }

    /// All that a service has written to its terminal.
    fn written(&self, name: &str) -> String {
        let unit = self.service(name)["unit"].as_str().map(str::to_owned);
        unit.map_or(String::new(), |unit| String::from_utf8_lossy(&self.log_of(&unit)).into_owned())
    }

    fn until_written(&self, name: &str, text: &str) {
        self.until_service(name, &format!("it writes {text}"), |_| {
            self.written(name).contains(text)
        });
    }

    /// Every process that belongs to a service, wherever it went.
    fn processes_of(&self, name: &str) -> Vec<i32> {
        let dir = format!("GAIA_WORKSPACE={}", self.workspace().display());
        let own = format!("GAIA_SERVICE={name}");
        let is = |pid: &i32| {
            let env = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let has = |entry: &str| env.split(|byte| *byte == 0).any(|e| e == entry.as_bytes());
            has(&dir) && has(&own) && crate::house::alive(*pid)
        };
        processes().into_iter().filter(is).collect()
    }

    fn nothing_left(&self, name: &str) {
        let left = self.processes_of(name);
        assert!(left.is_empty(), "{left:?} are left of {name}");
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.workspace().join(name)
    }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Python program as a `command` of a definition.
fn python(program: &str) -> String {
    format!("command = [\"python3\", \"-c\", '''{program}''']")
}

/// A process of the test's own; it ends with the test.
struct Own(std::process::Child);

impl Own {
    fn run(argv: &[&str]) -> Self {
        let mut command = std::process::Command::new(argv[0]);
        command.args(&argv[1..]).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self(child)
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.0.id()).unwrap()
    }

    fn lives(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
