//! How attempts end, and what becomes of their tasks.

use super::yard::Yard;
use crate::house::{alive, until};

fn script(more: &str, steps: &str) -> Yard {
    let agent = "[agents.one]\ndriver = \"script\"\nargs = [\"--file\", \"{here}/one.toml\"]\n\
        fence = { also_write = [\"{here}/out\"] }\n";
    Yard::new(&format!("{agent}{more}"), &[("one.toml", steps)])
}

fn command(more: &str, program: &str) -> Yard {
    let agent = "[agents.one]\ndriver = \"command\"\ncommand = [\"{here}/one\"]\n\
        fence = { also_write = [\"{here}/out\"] }\n";
    Yard::new(&format!("{agent}{more}"), &[("one", &format!("#!/bin/sh\n{program}"))])
}

#[test]
fn one_that_fails_is_tried_again_and_then_done() {
    let yard =
        command("", "echo x >> {here}/out/starts\ntest \"$(wc -l < {here}/out/starts)\" = 2\n");
    let task = yard.does("try", &[], "done");
    let attempts = task["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{task:#}");
    assert_eq!((&attempts[0]["class"], &attempts[1]["class"]), (&"failed".into(), &"done".into()));
}

#[test]
fn one_that_always_fails_has_failed_with_the_reason() {
    let yard = script("retries = 0\n", "[[step]]\nfail = 'the tests are red'\n");
    let task = yard.does("try", &[], "failed");
    assert_eq!(task["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(task["why"], "the tests are red");
    let waited = yard.house.gaia(&["task", "wait", "t1"]);
    assert_eq!(waited.status.code(), Some(1));
}

#[test]
fn time_that_is_over_is_told_apart_from_failing() {
    let yard = script("retries = 0\n", "[[step]]\nhang = true\n");
    let task = yard.does("hang", &["--timeout", "300ms"], "failed");
    assert_eq!(task["why"], "its time is over", "{task:#}");
}

#[test]
fn silence_is_told_apart_from_a_crash() {
    let yard = script("retries = 0\nsilence = \"1s\"\n", "[[step]]\nhang = true\n");
    let task = yard.does("hang", &[], "failed");
    let why = task["why"].as_str().unwrap();
    assert_eq!(why, "nothing has moved for 1 s", "{task:#}");
    assert_eq!(task["attempts"][0]["class"], "failed", "{task:#}");
    let crash = command("retries = 0\n", "kill -SEGV $$\n");
    let task = crash.does("crash", &[], "failed");
    assert_eq!(task["attempts"][0]["class"], "killed", "{task:#}");
    assert!(task["why"].as_str().unwrap().contains("11"), "{task:#}");
}

#[test]
fn a_limit_is_waited_for_over_a_restart_of_the_daemon_and_its_session_goes_on() {
    let steps = "[[step]]\nrun = 'echo first >> {here}/out/steps'\n[[step]]\nlimit = { until_s = 4 }\n\
        [[step]]\nrun = 'echo second >> {here}/out/steps'\n[[step]]\n\
        write = { path = 'prompt.txt', content = '{{prompt}}' }\n";
    let yard = script("", steps);
    let id = yard.add("work", &[]);
    let waits = yard.until(&id, "it waits for its limit", |task| task["state"] == "queued");
    assert_eq!(waits["attempts"][0]["class"], "limited", "{waits:#}");
    let first = waits["attempts"][0]["session"].clone();
    yard.house.crash();
    assert_eq!(yard.state(&id), "queued");
    let task = yard.ends(&id, "done");
    let attempts = task["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{task:#}");
    assert_eq!(attempts[1]["resume"], first, "{task:#}");
    assert_eq!(yard.text("out/steps"), "first\nsecond\n", "what was done is not done again");
    let begun = attempts[1]["started"].as_u64().unwrap();
    assert!(begun >= attempts[0]["ended"].as_u64().unwrap(), "{task:#}");
}

#[test]
fn a_prompt_of_512_kib_arrives_whole() {
    let yard = command("", "sha256sum > sum.txt\n");
    let text: String = (0_u32..).map(|n| format!("{n} ü;#{{}}\\ \"'$\n")).take(40_000).collect();
    let text: String = text.chars().take(512 << 10).collect::<String>() + "end";
    std::fs::write(yard.at("prompt"), &text).unwrap();
    let file = yard.at("prompt");
    let task = yard.house.json(&["task", "add", "--file", file.to_str().unwrap()]);
    let id = task["id"].as_str().unwrap();
    let task = yard.ends(id, "done");
    let receipt = &task["receipts"][0];
    assert_eq!(receipt["bytes"], text.len());
    let sum = yard.text("w.worktrees/t1/sum.txt");
    assert_eq!(sum.split(' ').next().unwrap(), receipt["digest"], "{task:#}");
}

#[test]
fn a_program_that_is_not_there_is_told_with_its_name() {
    let yard = Yard::new(
        "[agents.one]\ndriver = \"command\"\ncommand = [\"no-such-program\"]\nretries = 0\n",
        &[],
    );
    let task = yard.does("work", &[], "failed");
    assert!(task["why"].as_str().unwrap().contains("no-such-program"), "{task:#}");
}

#[test]
fn a_setup_command_that_fails_ends_the_attempt_before_its_program_starts() {
    let yard = command(
        "retries = 0\n[tasks]\nsetup = [\"echo no space here; exit 3\"]\n",
        "echo x >> {here}/out/starts\n",
    );
    let task = yard.does("work", &[], "failed");
    let why = task["why"].as_str().unwrap();
    assert!(why.contains("ended with 3") && why.contains("no space here"), "{why}");
    assert_eq!(yard.text("out/starts"), "");
}

#[test]
fn what_was_to_be_delivered_and_is_not_is_asked_about() {
    let yard = command("", "touch other\n");
    let task = yard.does("work", &["--deliverable", "wanted.txt"], "asking");
    let item = yard.item();
    assert_eq!(item["id"], task["item"]);
    assert!(item["body"].as_str().unwrap().contains("wanted.txt"), "{item:#}");
    yard.house.ok(&["approve", item["id"].as_str().unwrap()]);
    yard.until("t1", "it is done", |task| task["state"] == "done");
}

#[test]
fn a_task_is_cancelled_in_every_state() {
    let yard = command(
        "retries = 0\n[tasks]\nconcurrency = 1\n",
        "echo $$ >> {here}/out/starts\nread x < {here}/out/gate\n",
    );
    yard.gate("gate");
    let running = yard.add("one", &[]);
    let queued = yard.add("two", &[]);
    let pid: i32 = yard.signal("starts").parse().unwrap();
    yard.house.ok(&["task", "cancel", &queued]);
    assert_eq!(yard.state(&queued), "cancelled");
    assert!(alive(pid));
    yard.house.ok(&["task", "cancel", &running]);
    let task = yard.task(&running);
    assert_eq!(task["state"], "cancelled", "{task:#}");
    until("its program is gone", || !alive(pid));
    assert!(yard.at("w.worktrees/t1").exists(), "its work stays");
    let again = yard.house.gaia(&["task", "cancel", &running]);
    assert_eq!(again.status.code(), Some(2), "{}", crate::house::seen(&again));
    // The queue goes on.
    let next = yard.add("three", &[]);
    yard.house.until("the next one has started", || yard.text("out/starts").lines().count() == 2);
    yard.open("gate");
    yard.ends(&next, "done");
    yard.house.ok(&["task", "cancel", &next]);
    assert_eq!(yard.state(&next), "cancelled");
}

#[test]
fn a_cancelled_setup_ends() {
    let yard = command(
        "[tasks]\nsetup = [\"echo $$ > {here}/out/setup; read x < {here}/out/gate\"]\n",
        "echo x >> {here}/out/starts\n",
    );
    yard.gate("gate");
    let id = yard.add("one", &[]);
    let pid: i32 = yard.signal("setup").parse().unwrap();
    yard.house.ok(&["task", "cancel", &id]);
    assert_eq!(yard.state(&id), "cancelled");
    until("the setup is gone", || !alive(pid));
    assert_eq!(yard.text("out/starts"), "");
}

#[test]
fn money_that_is_used_up_is_asked_for_and_a_yes_lets_it_go_on() {
    let steps = "[[step]]\nusage = { input = 10, cost_usd = 2.0 }\n[[step]]\nfail = 'not yet'\n\
        [[step]]\nwrite = { path = 'a', content = 'a' }\n";
    let yard = script("retries = 3\n", steps);
    let id = yard.add("work", &["--budget", "1 USD"]);
    let task = yard.ends(&id, "asking");
    let item = yard.item();
    assert_eq!(item["kind"], "budget", "{task:#}\n{item:#}");
    yard.house.ok(&["approve", item["id"].as_str().unwrap()]);
    yard.until(&id, "it goes on and is done", |task| task["state"] == "done");
}
