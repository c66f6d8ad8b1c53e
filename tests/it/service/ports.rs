//! Ports: their own, those of strangers, those of each other.

use std::net::TcpListener;

use super::{free_port, python};
use crate::house::{House, number, seen};

/// Listens on `PORT` when there is a file `listen`, in a child of its own.
const LISTENER: &str = r"
import os, socket, time
if os.fork(): time.sleep(1000)
while not os.path.exists('listen'): time.sleep(0.01)
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', int(os.environ['PORT'])))
s.listen()
time.sleep(1000)
";

#[test]
fn a_port_of_a_stranger_is_told_with_its_holder() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let house = House::declaring(&format!(
        "[services.a]\nrun = \"exec sleep 1000\"\nport = {port}\n[services.b]\nrun = \"exec sleep 1000\"\nafter = [\"a\"]\n"
    ));
    let up = house.gaia(&["up", "--wait"]);
    assert_eq!(up.status.code(), Some(1), "{}", seen(&up));
    let service = house.service("a");
    let why = service["why"].as_str().unwrap();
    let own = std::fs::read_to_string("/proc/self/comm").unwrap();
    let holder = format!("port {port} is held by pid {} ({}", std::process::id(), own.trim());
    assert!(why.starts_with(&holder), "{why}");
    assert_eq!((&service["phase"], &service["incarnation"]), (&"failed".into(), &0.into()));
    assert_eq!(house.service("b")["phase"], "blocked");
    assert!(house.ok(&["service", "why", "b"]).contains(&holder));

    drop(stranger);
    house.write("listen", "");
    house.declare(&format!("[services.a]\n{}\nport = {port}\n", python(LISTENER)));
    house.up();
    assert_eq!(house.service("a")["health"], "ready");
}

#[test]
fn a_port_counts_when_its_own_tree_listens_and_not_when_a_stranger_does() {
    let port = free_port();
    let house = House::declaring(&format!(
        "[services.a]\n{}\nport = {port}\nprobe.ready = {{ port = true, interval = \"20ms\", start_interval = \"10ms\" }}\n",
        python(LISTENER)
    ));
    house.ok(&["up"]);
    house.until_phase("a", "starting");
    let stranger = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let service = house.until_service("a", "the stranger is seen", |a| {
        a["probes"].to_string().contains("not by this service")
    });
    let held = format!("port {port} is held by pid {}", std::process::id());
    assert!(service["probes"].to_string().contains(&held), "{service:#}");
    assert_eq!(service["phase"], "starting");
    drop(stranger);
    house.write("listen", "");
    // The child listens, not the process that was started.
    let service = house.until_health("a", "ready");
    assert_eq!((&service["phase"], &service["restarts"]), (&"running".into(), &0.into()));
}

#[test]
fn replicas_and_neighbours_have_ports_of_their_own() {
    let house = House::serving(
        r#"
        [services.api]
        run = "echo $GAIA_SERVICE $PORT $PORT_ADMIN {{ replica }}; exec sleep 1000"
        replicas = 3
        port = "auto"
        ports.admin = "auto"
        probe.ready.log = "api"
        [services.web]
        command = ["sh", "-c", "echo args $1; echo env $API; exec sleep 1000", "sh", "{{ services.api.port }}"]
        env.API = "http://127.0.0.1:{{ services.api.ports.admin }}"
        probe.ready.log = "env"
        "#,
    );
    let mut all = std::collections::BTreeSet::new();
    for number in 1..=3 {
        let name = format!("api#{number}");
        let service = house.service(&name);
        let (port, admin) = (&service["port"], &service["ports"]["admin"]);
        all.extend([port.as_u64().unwrap(), admin.as_u64().unwrap()]);
        let said = format!("{name} {port} {admin} {number}");
        assert!(house.written(&name).contains(&said), "{said}: {}", house.written(&name));
    }
    assert_eq!(all.len(), 6);
    let first = house.service("api#1");
    let web = house.written("web");
    assert!(web.contains(&format!("args {}\r\n", first["port"])), "{web}");
    assert!(
        web.contains(&format!("env http://127.0.0.1:{}\r\n", first["ports"]["admin"])),
        "{web}"
    );

    let pids = |names: &[&str]| -> Vec<i32> {
        names.iter().map(|name| number(&house.service(name)["pid"])).collect()
    };
    let before = pids(&["api#1", "api#2", "web"]);
    house.ok(&["service", "scale", "api=2", "--wait"]);
    assert!(house.services().iter().all(|service| service["name"] != "api#3"));
    house.nothing_left("api#3");
    assert_eq!(pids(&["api#1", "api#2", "web"]), before);
    house.up();
    assert_eq!(pids(&["api#1", "api#2", "web"]), before);
    assert_eq!(house.service("api#3")["phase"], "running");
    // A lease is kept: the same ports after the end of the workspace.
    house.ok(&["down"]);
    house.up();
    assert_eq!(house.service("api#1")["ports"], first["ports"]);
}
