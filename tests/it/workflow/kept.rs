//! What this version writes is read by later ones.

use super::{Yard, states};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat/0.1/runs.jsonl");

const WORKFLOW: &str = "
inputs: { who: { type: string, default: ann } }
outputs: { said: \"{{ a.stdout }}\" }
steps:
  - { id: a, run: echo hello $who }
  - { id: b, run: exit 3, needs: [a], retry: { max: 1, backoff: 1ms }, on_error: continue }
  - id: each
    needs: { b: done }
    for_each: { in: [x, y], max_parallel: 1 }
    run: echo {{ item }}
  - id: round
    needs: [each]
    loop: { until: loop.iteration == 2, max_iterations: 3, steps: [{ id: t, run: 'true' }] }
  - { id: sure, approval: \"Go on?\", needs: [round] }
finally:
  - { id: sweep, run: 'true' }
";

/// Writes the file anew; what it holds is never changed after a release.
#[test]
#[ignore = "writes tests/compat"]
fn keep_what_this_version_writes() {
    let yard = Yard::new(WORKFLOW);
    let id = yard.start(&[]);
    yard.house.ok(&["approve", &yard.item()]);
    yard.ends(&id, "done");
    yard.start(&[]);
    yard.item();
    std::fs::write(FILE, yard.house.ok(&["export"])).unwrap();
}

#[test]
fn runs_of_an_earlier_release_are_read_shown_and_gone_on_with() {
    let yard = Yard::new(WORKFLOW);
    yard.house.ok(&["import", FILE]);
    let runs = yard.house.json(&["run", "list"]);
    assert_eq!((&runs[0]["state"], &runs[1]["state"]), (&"done".into(), &"running".into()));
    let id = |at: usize| runs[at]["id"].as_str().unwrap();
    let shown = yard.show(id(0));
    let wanted = [
        "a done",
        "b failed",
        "each done",
        "each[x] done",
        "each[y] done",
        "round done",
        "round{1} done",
        "round{1}/t done",
        "round{2} done",
        "round{2}/t done",
        "sure done",
        "sweep done",
    ];
    assert_eq!(states(&shown), wanted);
    assert_eq!(shown["outputs"]["said"], "hello ann");
    assert!(yard.house.ok(&["run", "replay", id(0)]).contains("the run is done"));
    yard.house.ok(&["approve", &yard.item()]);
    yard.until(id(1), "sure", "done");
}
