//! What starts runs by itself: files, facts, the clock, calls from outside.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use hmac::{Hmac, KeyInit, Mac};

use crate::house::{House, seen};

fn lines(house: &House, file: &str) -> usize {
    let path = house.workspace().join(file);
    std::fs::read_to_string(path).unwrap_or_default().lines().count()
}

fn fired(house: &House, kind: &str) -> usize {
    house.ok(&["ledger", "show", "--kind", kind]).lines().count()
}

#[test]
fn many_writes_to_a_file_fire_once() {
    let house = House::with(
        "[triggers.saved]\nfile = ['src/*.rs']\ndebounce = '400ms'\n\
         run = 'echo \"$GAIA_TRIGGER_FILES\" >> seen.txt'\n",
    );
    std::fs::create_dir(house.workspace().join("src")).unwrap();
    house.ok(&["trigger", "list"]);
    for at in 0..10 {
        house.write("src/a.rs", &format!("{at}"));
    }
    house.write("notes.txt", "x");
    house.until("it fired", || fired(&house, "trigger.ended") == 1);
    let text = std::fs::read_to_string(house.workspace().join("seen.txt")).unwrap();
    assert_eq!(text, "src/a.rs\n");
    assert_eq!(fired(&house, "trigger.fired"), 1);
}

#[test]
fn a_fact_fires_though_the_daemon_is_killed_and_fires_once() {
    let house = House::with(
        "[triggers.asked]\nfact = 'inbox.raised'\nwhere = { title = 'go*' }\n\
         run = 'echo \"$GAIA_TRIGGER_FACT_KIND\" >> seen.txt'\n",
    );
    house.ok(&["trigger", "list"]);
    house.ok(&["inbox", "raise", "go on?"]);
    house.crash();
    house.ok(&["trigger", "list"]);
    house.until("it is over", || {
        fired(&house, "trigger.ended") + fired(&house, "trigger.failed") == 1
    });
    house.ok(&["inbox", "raise", "stop?"]);
    house.crash();
    let rows = house.json(&["trigger", "list"]);
    assert_eq!(rows[0]["fired"], 1, "{rows}");
    assert_eq!(fired(&house, "trigger.fired"), 1);
    assert!(lines(&house, "seen.txt") <= 1);
}

#[test]
fn a_slot_that_was_missed_while_no_daemon_ran_is_made_up_for() {
    let house = House::with("[triggers.tick]\ncron = '* * * * * *'\nrun = 'echo x >> seen.txt'\n");
    house.ok(&["trigger", "list"]);
    house.until("it fires by the clock", || fired(&house, "trigger.ended") > 0);
    house.crash();
    let before = lines(&house, "seen.txt");
    let begin = std::time::Instant::now();
    crate::house::until("slots pass", || begin.elapsed().as_millis() > 2500);
    house.ok(&["trigger", "disable", "tick"]);
    let facts = house.ok(&["ledger", "show", "--kind", "trigger.fired", "--json"]);
    let missed = regex::Regex::new(r#""missed":\s*([1-9])"#).unwrap();
    assert!(missed.is_match(&facts), "{facts}");
    house.until("it is made up for", || lines(&house, "seen.txt") > before);
}

#[test]
fn a_trigger_that_was_switched_off_stays_off() {
    let house =
        House::with("[triggers.tick]\ncron = '* * * * * *'\nrun = 'true'\nenabled = false\n");
    house.ok(&["trigger", "list"]);
    house.ok(&["trigger", "enable", "tick"]);
    house.until("it fires", || fired(&house, "trigger.fired") > 0);
    house.ok(&["trigger", "disable", "tick"]);
    let before = fired(&house, "trigger.fired");
    house.crash();
    assert_eq!(house.json(&["trigger", "show", "tick"])["enabled"], false);
    assert_eq!(fired(&house, "trigger.fired"), before);
    let by_hand = house.ok(&["trigger", "fire", "tick"]);
    assert!(by_hand.starts_with("started manual/w/tick/"), "{by_hand}");
}

#[test]
fn the_next_times_are_right_across_both_nights_of_new_york() {
    let house = House::with(
        "[triggers.nightly]\ncron = '30 2 * * *'\ntz = 'America/New_York'\nrun = 'true'\n",
    );
    insta::assert_snapshot!(house.ok(&["trigger", "next", "nightly", "--count", "3", "--from", "2027-03-13"]), @"
    nightly (America/New_York)
      2027-03-13T02:30:00-05:00  2027-03-13T07:30:00Z
      2027-03-14T03:00:00-04:00  2027-03-14T07:00:00Z  the clocks are set forward over its time: it runs at the end of the gap
      2027-03-15T02:30:00-04:00  2027-03-15T06:30:00Z
    ");
    let autumn = ["trigger", "next", "--cron", "0,30 1 * * *", "--tz", "America/New_York"];
    let autumn = house.ok(&[&autumn[..], &["--count", "3", "--from", "2026-11-01"]].concat());
    insta::assert_snapshot!(autumn, @"
    0,30 1 * * * (America/New_York)
      2026-11-01T01:00:00-04:00  2026-11-01T05:00:00Z  the clocks are set back, its time comes twice: this is the first
      2026-11-01T01:30:00-04:00  2026-11-01T05:30:00Z  the clocks are set back, its time comes twice: this is the first
      2026-11-02T01:00:00-05:00  2026-11-02T06:00:00Z
    ");
    let lint = house.ok(&["trigger", "lint"]);
    assert!(lint.contains("between 01:00 and 03:00 clocks are set"), "{lint}");
}

#[test]
fn faults_of_a_definition_are_told_with_their_places() {
    let house = House::with("[triggers.a]\ncrn = '0 3 * * *'\nrun = 'true'\n");
    let refused = house.gaia(&["trigger", "list"]);
    assert_eq!(refused.status.code(), Some(2), "{}", seen(&refused));
    let text = seen(&refused);
    assert!(text.contains("gaia.toml:2:1") && text.contains("did you mean `cron`?"), "{text}");
    house.write("gaia.toml", "[triggers.a]\ncron = '0 0 31 2 *'\nrun = 'true'\n");
    let refused = seen(&house.gaia(&["trigger", "list"]));
    assert!(refused.contains("gaia.toml:2:8") && refused.contains("never comes"), "{refused}");
    std::fs::create_dir(house.workspace().join(".gaia")).unwrap();
    house.write("gaia.toml", "");
    house.write(".gaia/schedules.yaml", "- name: a\n  schedule: every 5m\n  comand: make\n");
    let refused = seen(&house.gaia(&["trigger", "list"]));
    assert!(refused.contains("schedules.yaml:3") && refused.contains("`command`"), "{refused}");
    let missing = house.gaia(&["trigger", "fire", "b"]);
    assert_ne!(missing.status.code(), Some(0));
}

fn call(port: u16, delivery: &str, signature: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!(
        "POST /v1/hooks/w/pushed HTTP/1.1\r\nhost: gaia.example\r\nconnection: close\r\n\
         x-github-delivery: {delivery}\r\nx-hub-signature-256: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_call_from_outside_counts_once_and_only_if_it_is_signed() {
    let mut house = House::with(
        "name = 'w'\n[triggers.pushed]\nwebhook = { secret = 'env:HOOK' }\n\
         run = 'echo \"$GAIA_TRIGGER_INPUT_REF\" >> seen.txt'\n\
         inputs = { ref = '{{ body.ref }}' }\n",
    );
    house.env.push(("HOOK".to_owned(), "k3y".to_owned()));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    std::fs::create_dir_all(house.home()).unwrap();
    let settings = format!("[api]\ntcp = \"127.0.0.1:{port}\"\n");
    std::fs::write(house.home().join("config.toml"), settings).unwrap();
    house.ok(&["trigger", "list"]);
    let body = r#"{"ref":"main; touch hacked"}"#;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"k3y").unwrap();
    mac.update(body.as_bytes());
    let digest: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let good = format!("sha256={digest}");
    for bad in ["", "sha256=00", &good.replace(&digest[..2], "zz"), &digest[2..]] {
        let answer = call(port, "d1", bad, body);
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    let tampered = call(port, "d1", &good, r#"{"ref":"main; touch hackee"}"#);
    assert!(tampered.starts_with("HTTP/1.1 403"), "{tampered}");
    let first = call(port, "d1", &good, body);
    assert!(first.starts_with("HTTP/1.1 202") && first.contains("ev/w/pushed/d1"), "{first}");
    let again = call(port, "d1", &good, body);
    assert!(again.starts_with("HTTP/1.1 202") && again.contains("known"), "{again}");
    house.until("it ran", || fired(&house, "trigger.ended") == 1);
    let text = std::fs::read_to_string(house.workspace().join("seen.txt")).unwrap();
    assert_eq!(text, "main; touch hacked\n");
    assert!(!house.workspace().join("hacked").exists());
    assert_eq!(fired(&house, "trigger.fired"), 1);
    let long = call(port, "d2", &good, &"x".repeat((1 << 20) + 1));
    assert!(long.is_empty() || long.starts_with("HTTP/1.1 413"), "{long}");
}
