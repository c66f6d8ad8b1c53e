//! The ledger as people ask it.

use crate::house::{House, seen};

#[test]
fn what_happened_can_be_asked_for_and_cannot_be_changed_unseen() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    house.ok(&["session", "kill", "demo"]);
    let kinds: Vec<String> = house
        .json(&["ledger", "show"])
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["kind"].as_str().unwrap().to_owned())
        .collect();
    for kind in
        ["session.planned", "pane.started", "session.opened", "pane.exited", "session.closed"]
    {
        assert!(kinds.iter().any(|k| k == kind), "{kind}: {kinds:?}");
    }
    house.ok(&["ledger", "verify"]);

    let file = house.workspace().join("all.jsonl");
    let file = file.to_str().unwrap();
    house.ok(&["export", file]);
    house.ok(&["ledger", "verify", "--file", file]);
    let text = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, text.replacen("pane.started", "pane.startex", 1)).unwrap();
    let output = house.gaia(&["ledger", "verify", "--file", file]);
    let wanted = kinds.iter().position(|k| k == "pane.started").unwrap() + 1;
    assert_eq!(output.status.code(), Some(1), "{}", seen(&output));
    assert!(seen(&output).contains(&format!("entry {wanted}: changed")), "{}", seen(&output));
}

#[test]
fn an_export_fills_an_empty_home_and_only_that() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    let file = house.workspace().join("all.jsonl");
    let file = file.to_str().unwrap();
    house.ok(&["export", file]);

    let other = House::new();
    other.ok(&["import", file]);
    other.ok(&["ledger", "verify"]);
    let count = |house: &House| house.json(&["ledger", "show"]).as_array().unwrap().len();
    assert!(count(&other) >= 4);
    other.ok(&["daemon", "stop"]);
    assert_eq!(other.gaia(&["import", file]).status.code(), Some(5));
}

#[test]
fn compaction_keeps_the_rest_verifiable() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    house.ok(&["session", "kill", "demo"]);
    house.ok(&["ledger", "compact", "--keep", "2"]);
    assert_eq!(house.json(&["ledger", "show"]).as_array().unwrap().len(), 2);
    let verdict = house.json(&["ledger", "verify"]);
    assert_eq!(verdict["faults"], serde_json::json!([]));
    assert!(verdict["compacted"].as_u64().unwrap() > 2);
}

#[test]
fn a_store_that_cannot_be_read_is_never_replaced() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    house.ok(&["session", "kill", "demo"]);
    house.ok(&["daemon", "stop"]);
    let db = house.home().join("store/db");
    let good = std::fs::read(&db).unwrap();

    for cut in [0, good.len() / 3, good.len() / 2] {
        std::fs::write(&db, &good[..cut]).unwrap();
        let output = house.gaia(&["ledger", "verify"]);
        assert_ne!(output.status.code(), Some(0), "cut at {cut}: {}", seen(&output));
        assert!(!seen(&output).contains("panicked"), "{}", seen(&output));
    }
    std::fs::write(&db, &good).unwrap();
    house.ok(&["ledger", "verify"]);
}

/// What release 0.1 wrote is readable for ever: its export fills a home, its records are understood.
#[test]
fn what_an_earlier_release_wrote_is_still_read() {
    let house = House::new();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat/0.1/ledger.jsonl");
    house.ok(&["import", file]);
    house.ok(&["ledger", "verify"]);
    assert_eq!(house.json(&["session", "list"])[0]["name"], "demo");
    assert_eq!(house.panes().len(), 6);
    assert!(house.panes().iter().all(|pane| pane["state"] == "lost"));
}
