//! Experts: told, learned with a person's yes, written whole, taken back.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    agent::yard::Yard,
    house::{House, seen, until},
};

const WEB: &str =
    "name: web\nabout: our pages\npaths: [ui/]\npatterns:\n  # The oldest rule.\n  - one\n";
const ADD: &str = r#"{"patterns": {"add": ["two"]}, "why": "seen in three reviews"}"#;
const FILE: &str = ".gaia/experts/web.yaml";

/// A workspace with an expert, and a proposal in `p.json`.
fn house() -> House {
    let house = House::with("name = \"w\"\n");
    std::fs::create_dir_all(house.workspace().join(".gaia/experts")).unwrap();
    house.write(FILE, WEB);
    house.write("p.json", ADD);
    house
}

fn file(house: &House) -> String {
    std::fs::read_to_string(house.workspace().join(FILE)).unwrap_or_default()
}

fn learn(house: &House, args: &[&str]) -> Value {
    house.json(&[&["expert", "learn", "web", "--from", "p.json"][..], args].concat())
}

fn history(house: &House) -> Vec<String> {
    let reply = house.json(&["expert", "history", "web"]);
    let why = |one: &Value| one["why"].as_str().unwrap().to_owned();
    reply["versions"].as_array().unwrap().iter().map(why).collect()
}

fn item(house: &House) -> Value {
    house.until("a person is asked", || house.json(&["inbox"]).as_array().unwrap().len() == 1);
    house.json(&["inbox"])[0].clone()
}

fn answer(house: &House, word: &str) {
    let item = item(house);
    house.ok(&[word, item["id"].as_str().unwrap()]);
}

/// How often each fact of experts is in the ledger.
fn facts(house: &House) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for word in ["proposed", "accepted", "rejected", "reverted", "found"] {
        let shown = house.json(&["ledger", "show", "--kind", &format!("expert.{word}")]);
        found.insert(word.to_owned(), shown.as_array().unwrap().len());
    }
    found
}

#[test]
fn what_a_person_accepts_is_learned_and_can_be_taken_back() {
    let house = house();
    let reply = learn(&house, &["--key", "k"]);
    assert_eq!(reply["fate"]["is"], "open");
    assert_eq!(learn(&house, &["--key", "k"])["proposal"], reply["proposal"]);
    assert_eq!(file(&house), WEB, "nothing is learned without a yes");
    let item = item(&house);
    assert_eq!(item["kind"], "approval");
    let body = item["body"].as_str().unwrap();
    assert!(body.contains("+  - two") && body.contains("seen in three reviews"), "{body}");
    answer(&house, "approve");
    let learned = WEB.to_owned() + "  - two\n";
    house.until("it is learned", || file(&house) == learned);
    house.until("that is history", || history(&house).len() == 2);
    assert_snapshot!(house.ok(&["expert", "diff", "web"]).trim_end(), @"
    @@ line 5 @@
       # The oldest rule.
       - one
    +  - two
    ");
    assert_eq!(house.ok(&["expert", "diff", "web", "2"]).trim(), "nothing has changed");
    let back = house.json(&["expert", "revert", "web"]);
    assert_eq!((&back["version"], &back["why"]), (&3.into(), &"back to version 1".into()));
    assert_eq!(file(&house), WEB);
    house.ok(&["expert", "revert", "web", "2"]);
    assert_eq!(file(&house), learned);
    assert_eq!(house.gaia(&["expert", "revert", "web", "2"]).status.code(), Some(1));
    assert_eq!(house.gaia(&["expert", "revert", "web", "9"]).status.code(), Some(4));
    let facts = facts(&house);
    assert_eq!((facts["proposed"], facts["accepted"], facts["reverted"]), (1, 1, 2), "{facts:?}");
    house.ok(&["ledger", "verify"]);
}

#[test]
fn what_a_person_rejects_is_not_learned() {
    let house = house();
    learn(&house, &[]);
    answer(&house, "deny");
    house.until("it is rejected", || facts(&house)["rejected"] == 1);
    assert_eq!(file(&house), WEB);
    assert_eq!(history(&house), [""; 0]);
}

#[test]
fn what_a_person_writes_meanwhile_is_kept() {
    let house = house();
    learn(&house, &[]);
    let edited = WEB.replace("our pages", "all our pages # since May");
    house.write(FILE, &edited);
    answer(&house, "approve");
    house.until("it is learned", || file(&house) == edited.clone() + "  - two\n");
    house.until("that is history", || history(&house).len() == 2);
    let again = file(&house) + "pitfalls: [by hand]\n";
    house.write(FILE, &again);
    house.ok(&["expert", "revert", "web", "1"]);
    assert_eq!(file(&house), edited);
    assert_eq!(history(&house)[2..], ["edited by hand", "back to version 1"]);
    house.ok(&["expert", "revert", "web"]);
    assert_eq!(file(&house), again, "what was written by hand can be had again");
    // What cannot be merged any more is refused, and the file stays.
    house.write("p.json", r#"{"pitfalls": {"remove": ["by hand"]}}"#);
    learn(&house, &[]);
    house.write(FILE, WEB);
    answer(&house, "approve");
    house.until("it is rejected", || facts(&house)["rejected"] == 1);
    assert_eq!(file(&house), WEB);
}

#[test]
fn a_proposal_waits_across_a_crash() {
    let house = house();
    learn(&house, &[]);
    house.crash();
    answer(&house, "approve");
    house.until("it is learned", || file(&house).ends_with("  - two\n"));
    house.crash();
    house.until("it is there once", || history(&house).len() == 2);
    assert_eq!(facts(&house)["accepted"], 1);
}

#[test]
fn an_expert_that_comes_with_gaia_learns_in_the_workspace() {
    let house = House::with("name = \"w\"\n");
    house.write("p.json", r#"{"pitfalls": {"add": ["ours"]}}"#);
    house.ok(&["expert", "learn", "rust", "--from", "p.json", "--yes"]);
    let text = std::fs::read_to_string(house.workspace().join(".gaia/experts/rust.yaml")).unwrap();
    assert!(text.contains("  - ours\n") && text.contains("cargo clippy"), "{text}");
    house.ok(&["expert", "revert", "rust"]);
    house.write("p.json", r#"{"about": "new here"}"#);
    house.ok(&["expert", "learn", "fresh", "--from", "p.json", "--yes"]);
    assert_eq!(house.gaia(&["expert", "revert", "fresh"]).status.code(), Some(4));
    let brief = house.json(&["expert", "choose", "--path", "src/main.rs", "--budget", "100"]);
    assert_eq!(brief["chosen"][0]["name"], "rust");
    assert_eq!(brief["chosen"][0]["cut"], true);
    assert_eq!(house.gaia(&["expert", "new", "rust"]).status.code(), Some(1), "it is there");
    house.ok(&["expert", "new", "mine"]);
    house.ok(&["expert", "lint"]);
    let names: Vec<Value> = house.json(&["expert", "list"]).as_array().unwrap().clone();
    let names: Vec<&str> = names.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["fresh", "go", "mine", "node", "python", "rust", "security"]);
}

#[test]
fn what_is_wrong_is_told_before_anything_is_asked() {
    let house = house();
    house.write("p.json", r#"{"patterns": {"add": ["one"], "remove": ["on"]}, "about": ""}"#);
    let told = |args: &[&str]| seen(&house.gaia(args));
    assert_snapshot!(told(&["expert", "learn", "web", "--from", "p.json"]), @"
    exit 2
    --- out
    --- err
    error: the expert `web` cannot learn this:
    - about: this text is empty
    - patterns.remove: there is no `on`; there is `one`
    help: `gaia expert show web` shows what it knows
    ");
    house.write("p.json", r#"{"patern": {}}"#);
    assert_snapshot!(told(&["expert", "learn", "web", "--from", "p.json"]), @"
    exit 2
    --- out
    --- err
    error: p.json is no proposal: unknown field `patern` at line 1 column 9
    help: did you mean `patterns`?
    ");
    assert_snapshot!(told(&["expert", "show", "wed"]), @"
    exit 4
    --- out
    --- err
    error: there is no expert `wed`
    help: did you mean `web`?
    ");
    house.write(FILE, "about: pages\nrules: [a]\n");
    assert_eq!(house.gaia(&["expert", "lint"]).status.code(), Some(2));
    let brief = house.json(&["expert", "choose", "--area", "web"]);
    let why = brief["left_out"][0]["why"].as_str().unwrap();
    assert!(why.contains("web.yaml:2:1"), "{why}");
    assert!(house.json(&["inbox"]).as_array().unwrap().is_empty());
}

#[test]
fn a_link_is_not_written_through() {
    let house = house();
    let outside = house.folder.path().join("outside");
    std::fs::write(&outside, WEB).unwrap();
    let path = house.workspace().join(FILE);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&outside, &path).unwrap();
    let output = house.gaia(&["expert", "learn", "web", "--from", "p.json", "--yes"]);
    assert_eq!(output.status.code(), Some(1), "{}", seen(&output));
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), WEB);
}

/// Runs `act` with a daemon that dies at its first change of the world, then at the second, and so
/// on until one comes through.
fn sweep(what: &str, act: impl Fn(u32) -> (bool, &'static str) + Sync) {
    let (next, done) = (AtomicU32::new(1), AtomicBool::new(false));
    let outcomes = Mutex::new(BTreeMap::<&str, u32>::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    assert!(at < 200, "it never ran through");
                    let (through, outcome) = act(at);
                    *outcomes.lock().unwrap().entry(outcome).or_default() += 1;
                    done.fetch_or(through, Ordering::SeqCst);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let tried: u32 = outcomes.values().sum();
    eprintln!("{what}: {tried} positions tried, 0 bad ({outcomes:?})");
    assert!(tried > 10, "there were more changes than that");
}

/// Runs a command with a daemon that dies at its `at`th change; whether it lived through.
fn dies(house: &House, at: u32, args: &[&str]) -> bool {
    let mut command = house.command(args);
    let done = command.env("GAIA_CRASH_AT", at.to_string()).output().unwrap().status.success();
    let lives = done && house.daemon_pid().is_some();
    // It may still be dying.
    house.end();
    lives
}

#[test]
fn learning_that_is_cut_off_anywhere_leaves_the_old_text_or_the_new() {
    let new = WEB.to_owned() + "  - two\n";
    sweep("expert learn", |at| {
        let house = house();
        let args = ["expert", "learn", "web", "--from", "p.json", "--yes", "--key", "k"];
        let through = dies(&house, at, &args);
        let text = file(&house);
        assert!(text == WEB || text == new, "crash at {at}: {text}");
        // Whoever saw no answer asks again.
        let reply = learn(&house, &["--yes", "--key", "k", "--wait"]);
        assert_eq!(reply["fate"]["is"], "accepted", "crash at {at}: {reply}");
        assert_eq!(file(&house), new, "crash at {at}");
        let why = history(&house);
        assert_eq!(why.len(), 2, "crash at {at}: {why:?}");
        let facts = facts(&house);
        assert_eq!((facts["proposed"], facts["accepted"]), (1, 1), "crash at {at}: {facts:?}");
        assert_eq!((facts["found"], facts["rejected"]), (1, 0), "crash at {at}: {facts:?}");
        house.ok(&["ledger", "verify"]);
        (through, if text == new { "new" } else { "old" })
    });
}

#[test]
fn taking_back_that_is_cut_off_anywhere_leaves_the_old_text_or_the_new() {
    let new = WEB.to_owned() + "  - two\n";
    sweep("expert revert", |at| {
        let house = house();
        learn(&house, &["--yes"]);
        house.ok(&["daemon", "stop"]);
        until("the daemon is gone", || house.daemon_pid().is_none());
        let through = dies(&house, at, &["expert", "revert", "web"]);
        let text = file(&house);
        assert!(text == WEB || text == new, "crash at {at}: {text}");
        // The next daemon brings to an end what was begun, and the history says what the file does.
        let versions = house.json(&["expert", "history", "web"])["versions"].clone();
        let last = versions.as_array().unwrap().last().unwrap()["text"].clone();
        assert_eq!(last, Value::from(file(&house)), "crash at {at}");
        let reverted = facts(&house)["reverted"];
        let taken_back = file(&house) == WEB;
        assert_eq!(reverted, usize::from(taken_back), "crash at {at}");
        assert_eq!(versions.as_array().unwrap().len(), 2 + reverted, "crash at {at}");
        assert!(taken_back || text == new, "crash at {at}: it was taken back, and is no more");
        house.ok(&["ledger", "verify"]);
        (through, if taken_back { "taken back" } else { "as it was" })
    });
}

#[test]
fn an_agent_may_not_say_yes_to_what_it_learns() {
    let program = "#!/bin/sh\nid=$(cat {here}/out/id)\n\
        {gaia} approve $id 2> {here}/out/approve; \
        {gaia} expert learn web --from {here}/w/p.json --yes 2> {here}/out/learn; \
        {gaia} expert revert web 2> {here}/out/revert; echo > {here}/out/done\n";
    let agents = "[agents.one]\ndriver = \"command\"\ncommand = [\"{here}/one\"]\n\
        fence = { also_write = [\"{here}/out\"] }\n";
    let yard = Yard::new(agents, &[("one", program)]);
    std::fs::create_dir_all(yard.house.workspace().join(".gaia/experts")).unwrap();
    yard.house.write(FILE, WEB);
    yard.house.write("p.json", ADD);
    yard.commit("an expert");
    learn(&yard.house, &[]);
    let item = item(&yard.house);
    std::fs::write(yard.at("out/id"), item["id"].as_str().unwrap()).unwrap();
    yard.add("try it", &[]);
    yard.house.until("it has tried", || yard.at("out/done").exists());
    for name in ["approve", "learn", "revert"] {
        let said = yard.text(&format!("out/{name}"));
        assert!(said.contains("an agent may not ask for POST"), "{name}: {said}");
    }
    assert_eq!(file(&yard.house), WEB);
    assert_eq!(self::item(&yard.house)["id"], item["id"], "it still waits for a person");
}
