//! Probes of every kind and role, against programs that answer what a file says.

use serde_json::Value;

use super::python;
use crate::house::{House, number, until};

/// Answers with the status and the body in the file `answer`, to those who know the key.
const SERVER: &str = r"
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = open('answer').read().split(' ', 1)
        if self.path != '/health?full=1' or self.headers['x-key'] != 'k':
            status, body = '403', 'who?'
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(body.encode())
    def log_message(self, *rest): pass
http.server.HTTPServer(('127.0.0.1', int(os.environ['PORT'])), Handler).serve_forever()
";

/// What the newest answer of the first probe complains of.
fn complaint(service: &Value) -> String {
    let answers = service["probes"][0]["answers"].as_array().unwrap();
    answers.last().map_or(String::new(), |a| a["error"].as_str().unwrap_or("").to_owned())
}

fn complains(house: &House, name: &str, of: &str) {
    house.until_service(name, of, |service| complaint(service).contains(of));
}

#[test]
fn http_looks_at_status_and_body() {
    let house = House::declaring(&format!(
        "[services.a]\n{}\nport = \"auto\"\nprobe.ready = {{ http = {{ url = \"/health?full=1\", status = \"200-204\", body = \"ok \\\\d+\", headers = {{ x-key = \"k\" }} }}, interval = \"20ms\", start_interval = \"10ms\" }}\n",
        python(SERVER)
    ));
    house.write("answer", "500 ok 1");
    house.ok(&["up"]);
    complains(&house, "a", "connection refused");
    complains(&house, "a", "answered 500");
    house.write("answer", "200 ok then");
    complains(&house, "a", r"does not match /ok \d+/");
    assert_eq!(house.service("a")["phase"], "starting");
    house.write("answer", "203 ok 7");
    house.until_health("a", "ready");
    house.write("answer", "404 ok 7");
    assert!(house.until_health("a", "not-ready")["why"].to_string().contains("answered 404"));
}

#[test]
fn every_other_kind_tells_bad_from_good() {
    let house = House::declaring(
        r#"
        [services.tcp]
        command = ["python3", "-c", '''
import os, socket, time
while not os.path.exists('go'): time.sleep(0.01)
s = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))
time.sleep(1000)''']
        port = "auto"
        probe.ready = { tcp = "{{ port }}", start_interval = "10ms", interval = "30ms" }
        [services.exec]
        run = "exec sleep 1000"
        port = "auto"
        probe.ready = { exec = "echo port $PORT of $GAIA_SERVICE, {{ port }}; test -e go", start_interval = "10ms", interval = "30ms" }
        [services.log]
        run = "echo it is no; until test -e go; do sleep 0.01; done; printf 'it is go$ '; exec sleep 1000"
        probe.ready = { log = "^it is go\\$" }
        [services.file]
        run = "exec sleep 1000"
        probe.ready = { file = "go", start_interval = "10ms", interval = "30ms" }
        [services.pane]
        run = "printf 'wait...'; until test -e go; do sleep 0.01; done; printf '\\rREADY   '; exec sleep 1000"
        probe.ready = { pane = "(?m)^READY *$", start_interval = "10ms", interval = "30ms" }
        [services.both]
        run = "exec sleep 1000"
        probe.ready = [{ file = "gaia.toml" }, { file = "go", start_interval = "10ms", interval = "30ms" }]
        "#,
    );
    house.ok(&["up"]);
    let port = house.service("exec")["port"].clone();
    complains(&house, "tcp", "connection refused");
    complains(&house, "exec", &format!("ended with 1: port {port} of exec, {port}"));
    complains(&house, "file", "go is not there");
    complains(&house, "pane", "its screen does not match /(?m)^READY *$/");
    let names = ["tcp", "exec", "log", "file", "pane", "both"];
    assert!(names.iter().all(|name| house.service(name)["phase"] == "starting"));
    house.write("go", "");
    for name in names {
        let service = house.until_health(name, "ready");
        assert_eq!((&service["phase"], &service["incarnation"]), (&"running".into(), &1.into()));
    }
    house.ok(&["service", "health"]);
}

#[test]
fn readiness_that_comes_and_goes_moves_health_and_nothing_else() {
    let house = House::declaring(
        "[services.a]\nrun = \"exec sleep 1000\"\nprobe.ready = { file = \"ready\", interval = \"15ms\", start_interval = \"10ms\", failures = 2 }\nstart_timeout = \"5s\"\n[services.b]\nrun = \"exec sleep 1000\"\nafter = { a = \"ready\" }\nautostart = false\n",
    );
    house.write("ready", "");
    house.up();
    let first = house.service("a");
    for _ in 0..3 {
        std::fs::remove_file(house.path("ready")).unwrap();
        let service = house.until_health("a", "not-ready");
        assert!(service["why"].as_str().unwrap().contains("ready is not there"), "{service:#}");
        house.write("ready", "");
        house.until_health("a", "ready");
    }
    std::fs::remove_file(house.path("ready")).unwrap();
    house.until_health("a", "not-ready");
    assert_eq!(house.gaia(&["service", "health", "a"]).status.code(), Some(1));
    // One that comes late waits for what is ready now, not for what was.
    house.ok(&["service", "start", "b"]);
    house.until_service("b", "it waits", |b| {
        b["why"].as_str().is_some_and(|why| why.starts_with("waits for a to be ready again"))
    });
    house.write("ready", "");
    house.until_phase("b", "running");
    let last = house.service("a");
    assert_eq!((&last["pid"], &last["restarts"]), (&first["pid"], &0.into()));
    assert_eq!(house.facts("ready", "a").len(), 5);
    assert_eq!(house.facts("unready", "a").len(), 4);
}

#[test]
fn nothing_else_is_asked_before_the_startup_probe_has_passed() {
    let house = House::declaring(
        r#"
        [services.a]
        run = "exec sleep 1000"
        probe.startup = { file = "started", start_interval = "10ms", interval = "30ms" }
        probe.ready = { exec = "touch asked-ready", interval = "20ms" }
        probe.alive = { exec = "touch asked-alive; test -e alive", interval = "20ms", failures = 2 }
        "#,
    );
    house.ok(&["up"]);
    house.until_service("a", "the startup probe is asked five times", |a| {
        a["probes"][0]["answers"].as_array().unwrap().len() >= 5
    });
    assert!(!house.path("asked-ready").exists() && !house.path("asked-alive").exists());
    house.write("alive", "");
    house.write("started", "");
    house.until_health("a", "ready");
    until("both are asked", || house.path("asked-alive").exists());
    // It has done its work: it gates no more.
    std::fs::remove_file(house.path("started")).unwrap();
    let service = house.service("a");
    std::fs::remove_file(house.path("alive")).unwrap();
    let again = house.until_service("a", "a restart", |a| a["restarts"] == 1 && a["pid"].is_i64());
    assert_ne!(again["pid"], service["pid"]);
    let unfit = again["exit"]["how"]["unfit"].as_str().unwrap();
    assert!(unfit.starts_with("its liveness probe failed: `touch asked-alive"), "{unfit}");
    assert_eq!((&again["phase"], number(&again["incarnation"])), (&"starting".into(), 2));
}

#[test]
fn one_that_is_not_ready_in_time_is_a_failed_start() {
    let house = House::declaring(
        "[services.a]\nrun = \"exec sleep 1000\"\nprobe.ready.file = \"never\"\nstart_timeout = \"50ms\"\nmax_restarts = 2\nbackoff = \"1ms\"\n",
    );
    assert_eq!(house.gaia(&["up", "--wait", "--timeout", "20s"]).status.code(), Some(1));
    let service = house.service("a");
    let why = "it was not ready in time, and it was started again 2 times within 300 s";
    assert_eq!((&service["phase"], &service["why"]), (&"failed".into(), &why.into()));
    assert_eq!((&service["restarts"], &service["incarnation"]), (&2.into(), &3.into()));
    house.nothing_left("a");
    house.until_service("a", "its evidence", |_| !house.facts("evidenced", "a").is_empty());
    let evidence = &house.facts("evidenced", "a")[0];
    assert!(evidence["probes"][0].as_str().unwrap().contains("never is not there"), "{evidence:#}");
}

#[test]
fn a_probe_that_hangs_is_killed_with_all_it_started() {
    let house = House::declaring(
        r#"
        [services.a]
        run = "exec sleep 1000"
        probe.ready = { exec = "sleep 1000 & echo $! >> probes; wait", timeout = "50ms", start_interval = "10ms" }
        "#,
    );
    house.ok(&["up"]);
    complains(&house, "a", "no answer within 50 ms");
    let own = number(&house.service("a")["pid"]);
    house.ok(&["service", "stop", "a", "--wait"]);
    until("no probe is left", || house.processes_of("a").is_empty());
    assert!(!crate::house::alive(own));
}

#[test]
fn a_liveness_probe_that_cannot_be_asked_restarts_nothing() {
    let house = House::serving(
        r#"
        [services.a]
        run = "exec sleep 1000"
        probe.alive = { exec = ["no-such-probe"], interval = "10ms", failures = 1 }
        "#,
    );
    let service =
        house.until_service("a", "it is told", |_| !house.facts("unprobed", "a").is_empty());
    let told = house.facts("unprobed", "a")[0]["error"].clone();
    assert!(told.as_str().unwrap().contains("no-such-probe"), "{told}");
    assert_eq!((&service["phase"], &service["incarnation"]), (&"running".into(), &1.into()));
    assert_eq!(service["restarts"], 0);
}
