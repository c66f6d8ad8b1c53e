//! A new run from an old one: what still holds is taken over, what changed is done again.

use super::{Yard, step};

const FIRST: &str = "
steps:
  - { id: a, run: \"{here}/fx; echo one\" }
  - { id: b, needs: a, run: \"{here}/fx; echo {{ a.stdout }} two\" }
  - { id: c, needs: b, run: \"{here}/fx; exit 1\" }
";

fn attempts(run: &serde_json::Value) -> Vec<i64> {
    ["a", "b", "c"].iter().map(|name| step(run, name)["attempts"].as_i64().unwrap()).collect()
}

#[test]
fn only_what_changed_and_what_needs_it_is_done_again() {
    let yard = Yard::new(FIRST);
    let first = yard.start(&[]);
    yard.ends(&first, "failed");

    // A new step before the others moves their places, and changes nothing of them.
    let text = FIRST.replace("exit 1", "echo three");
    let text = text.replace("steps:\n", "steps:\n  - { id: new, run: \"true\" }\n");
    yard.workflow("w", &text);
    let second = yard.house.json(&["run", "rebase", &first, "--wait"]);
    assert_eq!(second["state"], "done", "{second:#}");
    assert_eq!(attempts(&second), [0, 0, 1], "{second:#}");
    assert_eq!(step(&second, "b")["outputs"]["stdout"], "one two");

    yard.workflow("w", &text.replace("echo one", "echo ONE"));
    let third = yard.house.json(&["run", "rebase", second["id"].as_str().unwrap(), "--wait"]);
    assert_eq!(attempts(&third), [1, 1, 1], "{third:#}");
    assert_eq!(step(&third, "b")["outputs"]["stdout"], "ONE two");
}

#[test]
fn a_run_that_is_under_way_is_no_ground_for_another() {
    let yard = Yard::new("steps: [{ id: ask, approval: \"go on?\" }]\n");
    let id = yard.start(&[]);
    yard.until(&id, "ask", "running");
    let output = yard.house.gaia(&["run", "rebase", &id]);
    assert_eq!(output.status.code(), Some(2), "{}", crate::house::seen(&output));
    yard.house.ok(&["run", "cancel", &id, "--wait"]);
}

#[test]
fn what_was_taken_over_is_really_done_when_it_is_done_over() {
    let yard = Yard::new(FIRST);
    let first = yard.start(&[]);
    yard.ends(&first, "failed");
    yard.workflow("w", &FIRST.replace("exit 1", "echo three"));
    let second = yard.house.json(&["run", "rebase", &first, "--wait"]);
    let id = second["id"].as_str().unwrap();
    assert_eq!(attempts(&second), [0, 0, 1], "{second:#}");
    yard.house.gaia(&["run", "retry", id, "--from", "a"]);
    assert_eq!(attempts(&yard.over(id)), [1, 1, 2]);
}
