//! The queue: order, limits, pauses, races and places.

use serde_json::Value;

use super::yard::Yard;

/// Agents that say their prompt in `out/order` and wait at the gate of that name, if there is one.
const PROGRAM: &str = "#!/bin/sh\nname=$(cat)\necho \"$name\" >> {here}/out/order\n\
    if test -p {here}/out/$name; then read x < {here}/out/$name; fi\n\
    echo \"$name\" >> done.txt\n";

fn yard(more: &str) -> Yard {
    let agent = |name: &str| {
        format!(
            "[agents.{name}]\ndriver = \"command\"\ncommand = [\"{{here}}/one\"]\nretries = 0\n\
             fence = {{ also_write = [\"{{here}}/out\"] }}\n"
        )
    };
    let text = format!("{}{}{more}", agent("one"), agent("two"));
    Yard::new(&text, &[("one", PROGRAM)])
}

fn order(yard: &Yard) -> Vec<String> {
    yard.text("out/order").lines().map(str::to_owned).collect()
}

#[test]
fn a_task_waits_for_those_it_comes_after() {
    let yard = yard("");
    yard.gate("first");
    let first = yard.add("first", &["--agent", "one"]);
    let second = yard.add("second", &["--agent", "two", "--after", &first]);
    yard.house.until("the first one runs", || order(&yard) == ["first"]);
    let task = yard.task(&second);
    assert_eq!(task["state"], "queued", "{task:#}");
    assert!(task["why"].as_str().unwrap().contains(&first), "{task:#}");
    yard.open("first");
    yard.ends(&second, "done");
    assert_eq!(order(&yard), ["first", "second"]);
}

#[test]
fn a_task_after_one_that_failed_fails_with_the_reason() {
    let yard = yard("[agents.bad]\ndriver = \"command\"\ncommand = [\"false\"]\nretries = 0\n");
    let bad = yard.does("bad", &["--agent", "bad"], "failed");
    let after = ["--after", bad["id"].as_str().unwrap()];
    yard.house.gaia(&[&["task", "add", "next", "--agent", "one"], &after[..]].concat());
    let task = yard.ends("t2", "failed");
    assert_eq!(task["why"], "t1, which it waits for, did not end well", "{task:#}");
    assert_eq!(order(&yard), Vec::<String>::new());
}

#[test]
fn higher_priorities_go_first_and_one_agent_does_one_at_a_time() {
    let yard = yard("");
    yard.gate("a");
    let first = yard.add("a", &["--agent", "one"]);
    yard.house.until("the agent is busy", || order(&yard) == ["a"]);
    let low = yard.add("low", &["--agent", "one", "--priority", "-1"]);
    let usual = yard.add("usual", &["--agent", "one"]);
    let high = yard.add("high", &["--agent", "one", "--priority", "5"]);
    assert!(yard.task(&high)["why"].as_str().unwrap().contains("busy"));
    yard.open("a");
    for id in [first, high, usual, low] {
        yard.ends(&id, "done");
    }
    assert_eq!(order(&yard), ["a", "high", "usual", "low"]);
}

#[test]
fn no_more_tasks_run_at_a_time_than_the_workspace_allows() {
    let yard = yard("[tasks]\nconcurrency = 1\n");
    yard.gate("a");
    let first = yard.add("a", &["--agent", "one"]);
    let second = yard.add("b", &["--agent", "two"]);
    yard.house.until("one runs", || order(&yard) == ["a"]);
    let why = yard.task(&second)["why"].clone();
    assert!(why.as_str().unwrap().contains("under way"), "{why}");
    yard.open("a");
    yard.ends(&first, "done");
    yard.ends(&second, "done");
}

#[test]
fn a_paused_queue_begins_nothing_and_draining_waits_for_what_runs() {
    let yard = yard("");
    yard.gate("a");
    let first = yard.add("a", &["--agent", "one"]);
    yard.house.until("one runs", || order(&yard) == ["a"]);
    let paused = yard.house.json(&["task", "pause"]);
    assert_eq!((&paused["paused"], &paused["running"]), (&Value::Bool(true), &1.into()));
    let second = yard.add("b", &["--agent", "two"]);
    assert_eq!(yard.task(&second)["why"], "the queue is paused");
    std::thread::scope(|scope| {
        let drain = scope.spawn(|| yard.house.json(&["task", "drain"]));
        yard.open("a");
        let drained = drain.join().unwrap();
        assert_eq!((&drained["running"], &drained["queued"]), (&0.into(), &1.into()));
    });
    assert_eq!(yard.state(&first), "done");
    yard.house.crash();
    assert_eq!(yard.state(&second), "queued", "a pause outlives the daemon");
    yard.house.ok(&["task", "resume"]);
    yard.ends(&second, "done");
}

#[test]
fn the_same_key_is_the_same_task() {
    let yard = yard("");
    let first = yard.add("a", &["--agent", "one", "--idempotency-key", "k"]);
    yard.ends(&first, "done");
    assert_eq!(yard.add("a", &["--agent", "one", "--idempotency-key", "k"]), first);
    assert_eq!(order(&yard), ["a"]);
}

#[test]
fn a_race_gives_each_a_worktree_and_one_of_them_is_kept() {
    let yard = yard("");
    let race = yard.house.json(&["task", "race", "r", "--agents", "one,two", "--wait"]);
    let race = race.as_array().unwrap();
    assert_eq!(race.len(), 2);
    assert!(race.iter().all(|task| task["state"] == "done"), "{race:#?}");
    assert_ne!(race[0]["worktree"], race[1]["worktree"]);
    yard.house.ok(&["task", "land", "t1"]);
    yard.house.ok(&["task", "discard", "t2"]);
    assert_eq!((yard.landed("t1"), yard.landed("t2")), (1, 0));
    assert_eq!(yard.text("w/done.txt"), "r\n");
}

#[test]
fn two_tasks_on_one_file_in_one_folder_take_turns() {
    let yard = yard("");
    yard.gate("a");
    let place = ["--in-place", "--files"];
    let first = yard.add("a", &[&place[..], &["src/x.rs", "--agent", "one"]].concat());
    yard.house.until("the first one runs", || order(&yard) == ["a"]);
    let second = yard.add("b", &[&place[..], &["src/**", "--agent", "two"]].concat());
    let why = yard.task(&second)["why"].clone();
    assert!(why.as_str().unwrap().contains("same files"), "{why}");
    yard.open("a");
    yard.ends(&first, "done");
    yard.ends(&second, "done");
    assert_eq!(yard.text("w/done.txt"), "a\nb\n");
    let landing = yard.house.gaia(&["task", "land", &first]);
    assert_eq!(landing.status.code(), Some(2), "{}", crate::house::seen(&landing));
}
