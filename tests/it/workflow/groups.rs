//! Runs that share a place.

use super::Yard;

fn yard(when_full: &str) -> Yard {
    let yard = Yard::new(&format!(
        "
concurrency: {{ group: g, max: 1, when_full: {when_full} }}
steps:
  - {{ id: a, run: \"{{here}}/gated gate\" }}
"
    ));
    yard.gate("gate");
    yard
}

fn three(yard: &Yard) -> [String; 3] {
    let first = yard.start(&[]);
    yard.told("a 1");
    [first, yard.start(&[]), yard.start(&[])]
}

fn state(yard: &Yard, id: &str) -> String {
    yard.show(id)["state"].as_str().unwrap().to_owned()
}

#[test]
fn those_that_find_no_place_wait_in_order() {
    let yard = yard("queue");
    let [first, second, third] = three(&yard);
    yard.house.crash();
    assert_eq!((state(&yard, &second), state(&yard, &third)), ("queued".into(), "queued".into()));
    yard.open("gate");
    yard.ends(&first, "done");
    yard.until(&second, "a", "running");
    assert_eq!(state(&yard, &third), "queued");
    yard.open("gate");
    yard.ends(&second, "done");
    yard.until(&third, "a", "running");
    yard.open("gate");
    yard.ends(&third, "done");
    assert_eq!(yard.effects().len(), 3);
}

#[test]
fn a_newer_one_takes_the_place_of_those_that_wait() {
    let yard = yard("replace_pending");
    let [first, second, third] = three(&yard);
    yard.ends(&second, "cancelled");
    yard.open("gate");
    yard.ends(&first, "done");
    yard.until(&third, "a", "running");
    yard.open("gate");
    yard.ends(&third, "done");
    assert_eq!(yard.effects().len(), 2);
}

#[test]
fn a_newer_one_takes_the_place_of_those_that_run() {
    let yard = yard("cancel_running");
    let [first, second, third] = three(&yard);
    yard.ends(&first, "cancelled");
    yard.ends(&second, "cancelled");
    yard.until(&third, "a", "running");
    yard.open("gate");
    yard.ends(&third, "done");
}

#[test]
fn those_that_find_no_place_are_not_done() {
    let yard = yard("skip");
    let [first, second, third] = three(&yard);
    for id in [&second, &third] {
        let run = yard.ends(id, "skipped");
        assert!(run["why"].as_str().unwrap().contains("run already"), "{run:#}");
    }
    yard.open("gate");
    yard.ends(&first, "done");
    assert_eq!(yard.effects().len(), 1);
}

#[test]
fn of_those_that_come_at_one_moment_one_is_done() {
    let yard = yard("skip");
    yard.house.ok(&["status"]);
    let all: Vec<_> = (0..4)
        .map(|_| {
            let mut start = yard.house.command(&["run", "start", "w.yaml"]);
            start.stdout(std::process::Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut one in all {
        assert!(one.wait().unwrap().success());
    }
    yard.told("a 1");
    let runs = yard.house.json(&["run", "list"]);
    let states = runs.as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap());
    let mut states: Vec<&str> = states.collect();
    states.sort_unstable();
    assert_eq!(states, ["running", "skipped", "skipped", "skipped"]);
    yard.open("gate");
}
