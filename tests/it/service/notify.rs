//! Programs that say how they are, in the way of sd_notify(3).

use super::SAY;
use crate::house::{House, number};

fn speaker(program: &str) -> String {
    super::python(&format!("{SAY}{program}"))
}

#[test]
fn one_that_says_so_is_ready_and_its_status_is_shown() {
    let house = House::declaring(&format!(
        "[services.a]\n{}\nprobe.ready.notify = true\n",
        speaker(
            r"
say('STATUS=reading 3 of 9')
while not os.path.exists('go'): time.sleep(0.01)
say('STATUS=at work\nREADY=1')
time.sleep(1000)
"
        )
    ));
    house.ok(&["up"]);
    let starting = house.until_service("a", "its status", |a| a["why"] == "reading 3 of 9");
    assert_eq!((&starting["phase"], &starting["health"]), (&"starting".into(), &"starting".into()));
    house.write("go", "");
    let ready = house.until_health("a", "ready");
    assert_eq!(ready["why"], "at work");
    // It will not say it again to a daemon that comes back.
    house.crash();
    let adopted = house.until_health("a", "ready");
    assert_eq!((&adopted["pid"], &adopted["incarnation"]), (&ready["pid"], &1.into()));
}

#[test]
fn the_first_thing_a_program_says_is_heard() {
    let house = House::declaring(
        r#"
        [services.a]
        command = ["perl", "-e", 'use Socket; socket(S, PF_UNIX, SOCK_DGRAM, 0); send(S, "READY=1", 0, pack_sockaddr_un($ENV{NOTIFY_SOCKET})) or die; sleep 1000']
        replicas = 12
        probe.ready.notify = true
        "#,
    );
    house.ok(&["up", "--wait", "--timeout", "15s"]);
    for _ in 0..4 {
        house.ok(&["service", "restart", "a", "--wait", "--timeout", "15s"]);
    }
    assert!(house.services().iter().all(|a| a["restarts"] == 0 && a["incarnation"] == 5));
    house.ok(&["down"]);
}

#[test]
fn a_watchdog_that_is_not_fed_is_a_restart() {
    let house = House::serving(&format!(
        "[services.a]\n{}\nprobe.ready.notify = true\nprobe.alive = {{ notify = true, interval = \"150ms\", failures = 1 }}\n",
        speaker(
            r"
say('READY=1')
while not os.path.exists('hang'):
    say('WATCHDOG=1')
    time.sleep(0.02)
os.remove('hang')
time.sleep(1000)
"
        )
    ));
    let first = house.service("a");
    house.until_service("a", "it was asked", |a| {
        let alive = a["probes"].as_array().unwrap().iter().find(|p| p["role"] == "alive");
        alive.unwrap()["answers"].as_array().unwrap().len() >= 3
    });
    assert_eq!(house.service("a")["pid"], first["pid"]);
    house.write("hang", "");
    let second =
        house.until_service("a", "life 2", |a| a["incarnation"] == 2 && a["health"] == "ready");
    assert_eq!(second["restarts"], 1);
    let why = second["exit"]["how"]["unfit"].as_str().unwrap();
    assert!(why.contains("no WATCHDOG=1 for 150 ms"), "{why}");
    house.until_service("a", "it lives on", |a| a["probes"].to_string().contains("\"good\":true"));
    assert_eq!(number(&house.service("a")["incarnation"]), 2);
}

#[test]
fn one_that_asks_for_more_time_gets_it_and_one_that_does_not_is_stopped() {
    let slow = |word: &str| {
        speaker(&format!(
            "\nsay('{word}')\nwhile not os.path.exists('go'): time.sleep(0.01)\nsay('READY=1')\ntime.sleep(1000)\n"
        ))
    };
    let house = House::declaring(&format!(
        "[services.a]\n{}\nprobe.ready.notify = true\nstart_timeout = \"2s\"\n[services.b]\n{}\nprobe.ready.notify = true\nstart_timeout = \"2s\"\nrestart = \"no\"\n",
        slow("EXTEND_TIMEOUT_USEC=60000000"),
        slow("STATUS=slow"),
    ));
    house.ok(&["up"]);
    let late = house.until_phase("b", "failed");
    assert_eq!(late["why"], "it was not ready in time");
    assert_eq!(house.service("a")["phase"], "starting");
    house.write("go", "");
    let ready = house.until_health("a", "ready");
    assert_eq!((&ready["restarts"], &ready["incarnation"]), (&0.into(), &1.into()));
}
