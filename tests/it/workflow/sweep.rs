//! The daemon dies at every change of the world that a run makes, and once more while it comes back:
//! the run ends as if nothing had been, and every attempt was made once.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use super::Yard;
use crate::house::{alive, until};

/// A chain, a diamond, a list, a step that fails once, and a person.
const WORKFLOW: &str = r#"
steps:
  - { id: a, run: "{here}/fx" }
  - { id: b, run: "{here}/fx", needs: [a] }
  - { id: c, run: "{here}/fx", needs: [a] }
  - { id: d, run: "{here}/fx", needs: [b, c] }
  - id: each
    needs: [d]
    for_each: { in: [x, y, z], max_parallel: 2 }
    run: "{here}/fx"
  - id: flaky
    needs: [a]
    retry: { max: 2, backoff: 10ms }
    run: "{here}/fx; test $GAIA_ATTEMPT != 1"
  - { id: sure, approval: "Go on?", needs: [each, flaky] }
  - { id: e, run: "{here}/fx", needs: [sure] }
"#;
const EFFECTS: [&str; 10] = [
    "a 1",
    "b 1",
    "c 1",
    "d 1",
    "e 1",
    "each[x] 1",
    "each[y] 1",
    "each[z] 1",
    "flaky 1",
    "flaky 2",
];
/// Two that follow each other.
const SHORT: &str =
    "steps:\n  - { id: a, run: \"{here}/fx\" }\n  - { id: b, run: \"{here}/fx\", needs: [a] }\n";
const START: [&str; 5] = ["run", "start", "w.yaml", "--key", "k"];

/// What came of a run that was cut off.
#[derive(Default)]
struct Seen {
    /// The first daemon came through.
    through: bool,
    /// What is wrong.
    faults: Vec<String>,
}

/// A run whose daemon dies at its `at`th change, and whose second one dies at its `then`th.
fn cut(text: &str, (at, then): (u32, Option<u32>), env: &[(&str, &str)], wanted: &[&str]) -> Seen {
    let mut yard = Yard::new(text);
    yard.house.env = env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let mut first = yard.house.command(&START);
    first.env("GAIA_CRASH_AT", at.to_string()).output().unwrap();
    let mut pid = yard.house.daemon_pid();
    if let Some(then) = then {
        // The one that comes back dies, too; what it would have done is done by the next.
        if let Some(pid) = pid {
            // It may die while it answers: that is an end, too.
            let asks = || {
                let inbox = yard.house.gaia(&["inbox", "--json"]);
                let items: serde_json::Value =
                    serde_json::from_slice(&inbox.stdout).unwrap_or_default();
                items.as_array().is_some_and(|items| !items.is_empty())
            };
            until("it comes to its end", || !alive(pid) || asks());
        }
        yard.house.end();
        let mut second = yard.house.command(&START);
        second.env("GAIA_CRASH_AT", then.to_string()).output().unwrap();
        pid = None;
    }
    let mut faults = comes_through(&yard);
    let through = pid.is_some_and(alive);
    let effects = yard.effects();
    if effects != wanted {
        faults.push(format!("effects {effects:?}"));
    }
    until("nothing runs on", || yard.commands().is_empty());
    yard.house.ok(&["ledger", "verify"]);
    Seen { through, faults }
}

/// Asks until the run is over, and says yes to what it asks.
fn comes_through(yard: &Yard) -> Vec<String> {
    let mut faults = vec![];
    yard.house.until("the run is over", || {
        // Whoever got no answer asks again.
        if !yard.house.gaia(&START).status.success() {
            return false;
        }
        let run = yard.house.gaia(&["run", "show", "k", "--json"]);
        let run: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
        let state = run["state"].as_str().unwrap_or_default();
        if matches!(state, "failed" | "cancelled" | "skipped") {
            faults.push(format!("it {state}: {run:#}"));
        }
        let inbox = yard.house.gaia(&["inbox", "--json"]);
        let items: serde_json::Value = serde_json::from_slice(&inbox.stdout).unwrap_or_default();
        for item in items.as_array().into_iter().flatten() {
            let id = item["id"].as_str().unwrap();
            if item["kind"] == "approval" {
                yard.house.gaia(&["approve", id]);
            } else {
                faults.push(format!("a person is asked: {}", item["title"]));
                yard.house.gaia(&["answer", id, "--option", "retry"]);
            }
        }
        matches!(state, "done" | "failed" | "cancelled" | "skipped")
    });
    faults
}

/// Cuts a run off at these positions until one comes through; how many were tried, and were bad.
fn sweep(
    what: &str,
    at: impl Fn(u32) -> Option<(u32, Option<u32>)> + Sync,
    act: impl Fn((u32, Option<u32>)) -> Seen + Sync,
) -> (u32, u32) {
    let (next, done, bad) = (AtomicU32::new(0), AtomicBool::new(false), Mutex::new(vec![]));
    let tried = AtomicU32::new(0);
    std::thread::scope(|scope| {
        // What takes time here is waiting.
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let Some(at) = at(next.fetch_add(1, Ordering::SeqCst)) else { return };
                    let seen = act(at);
                    tried.fetch_add(1, Ordering::SeqCst);
                    if !seen.faults.is_empty() {
                        bad.lock().unwrap().push((at, seen.faults));
                    }
                    done.fetch_or(seen.through, Ordering::SeqCst);
                }
            });
        }
    });
    let (tried, bad) = (tried.into_inner(), bad.into_inner().unwrap());
    eprintln!("{what}: {tried} positions tried, {} bad", bad.len());
    for (at, faults) in bad.iter().take(5) {
        eprintln!("  {at:?}: {faults:?}");
    }
    (tried, bad.len() as u32)
}

/// Every `stride`th position, up to where nothing is left to die at.
fn singles(stride: u32) -> impl Fn(u32) -> Option<(u32, Option<u32>)> + Sync {
    move |number| Some((1 + number * stride, None)).filter(|(at, _)| *at < 3000)
}

/// Every `stride`th position with some of the positions of the one that comes back.
fn pairs(stride: u32, most: u32, inner: u32) -> impl Fn(u32) -> Option<(u32, Option<u32>)> + Sync {
    let each = most / inner;
    move |number| {
        let (at, then) = (1 + number / each * stride, 1 + number % each * inner);
        (at < 220).then_some((at, Some(then)))
    }
}

fn whole(at: (u32, Option<u32>)) -> Seen {
    cut(WORKFLOW, at, &[], &EFFECTS)
}

#[test]
fn a_run_that_is_cut_off_ends_as_if_it_had_not_been() {
    let (tried, bad) = sweep("run", singles(5), whole);
    assert!(tried > 10 && bad == 0);
}

#[test]
fn a_run_that_is_cut_off_twice_ends_as_if_it_had_not_been() {
    let (tried, bad) = sweep("run, twice", pairs(23, 40, 13), whole);
    assert!(tried > 10 && bad == 0);
}

#[test]
#[ignore = "every position: some minutes"]
fn a_run_that_is_cut_off_anywhere_ends_as_if_it_had_not_been() {
    let (tried, bad) = sweep("run, everywhere", singles(1), whole);
    assert!(tried > 100 && bad == 0);
}

#[test]
#[ignore = "many pairs of positions: some minutes"]
fn a_run_that_is_cut_off_anywhere_twice_ends_as_if_it_had_not_been() {
    let (tried, bad) = sweep("run, everywhere twice", pairs(5, 60, 4), whole);
    assert!(tried > 100 && bad == 0);
}

#[test]
fn this_would_see_claims_that_are_taken_twice() {
    let env = [("GAIA_STEP_DELAY_MS", "700"), ("GAIA_STEP_MUTANT", "noexcl")];
    let act = |at| cut(SHORT, at, &env, &["a 1", "b 1"]);
    let (tried, bad) = sweep("mutant: claims are not exclusive", singles(1), act);
    assert!(bad > 0, "of {tried} none was bad");
}

#[test]
fn this_would_see_attempts_that_are_given_up() {
    let env = [("GAIA_RUN_MUTANT", "lost")];
    let act = |at| cut(SHORT, at, &env, &["a 1", "b 1"]);
    let (tried, bad) = sweep("mutant: a restart gives up what runs", singles(3), act);
    assert!(bad > 0, "of {tried} none was bad");
}
