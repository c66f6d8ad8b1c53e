//! Something dies in the middle of a run.

use super::{Yard, step};
use crate::house::{alive, kill, seen, until};

const GATED: &str = "
steps:
  - { id: a, run: \"{here}/gated gate\" }
  - { id: b, run: \"{here}/fx\", needs: [a] }
";

#[test]
fn a_step_goes_on_while_there_is_no_daemon() {
    let yard = Yard::new(GATED);
    yard.gate("gate");
    let id = yard.start(&[]);
    yard.told("a 1");
    yard.house.crash();
    yard.open("gate");
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1"]);
}

#[test]
fn what_is_asked_waits_across_a_crash() {
    let yard = Yard::new(
        "
steps:
  - { id: sure, approval: \"Go on?\" }
  - { id: which, question: { title: Which?, options: [red, blue] }, needs: [sure] }
  - { id: a, run: \"{here}/fx; echo \\\"{{ which.answer }}\\\" >> {here}/effects\", needs: [which] }
",
    );
    let id = yard.start(&[]);
    let item = yard.item();
    yard.house.crash();
    assert_eq!(yard.item(), item, "it is not asked twice");
    yard.house.ok(&["approve", &item]);
    yard.until(&id, "sure", "done");
    let item = yard.item();
    yard.house.crash();
    yard.house.ok(&["answer", &item, "--option", "blue"]);
    let run = yard.ends(&id, "done");
    assert_eq!(step(&run, "which")["outputs"]["answer"], "blue");
    assert_eq!(yard.effects(), ["a 1", "blue"]);
}

#[test]
fn a_step_whose_shim_is_killed_is_lost_and_nothing_of_it_runs_on() {
    let yard = Yard::new(
        "
steps:
  - { id: a, run: \"{here}/fx; setsid sleep 1000 & sleep 1000\" }
  - { id: b, run: \"{here}/fx\", needs: [a] }
",
    );
    let id = yard.start(&[]);
    yard.told("a 1");
    kill(yard.shim(&id, "a"), "KILL");
    let held = yard.until(&id, "a", "held");
    assert!(held["why"].as_str().unwrap().contains("was killed"), "{held:#}");
    assert_eq!(yard.commands(), Vec::<i32>::new());
    yard.house.ok(&["answer", &yard.item(), "--option", "continue"]);
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1"]);
}

#[test]
fn a_lost_step_that_may_be_done_twice_is_done_again() {
    let yard = Yard::new(
        "steps:\n  - { id: a, run: \"{here}/fx; test $GAIA_ATTEMPT = 2 || sleep 1000\", idempotent: true }\n",
    );
    let id = yard.start(&[]);
    yard.told("a 1");
    kill(yard.shim(&id, "a"), "KILL");
    let run = yard.ends(&id, "done");
    assert_eq!(step(&run, "a")["attempts"], 2);
    assert_eq!(yard.effects(), ["a 1", "a 2"]);
}

#[test]
fn a_shim_that_is_held_is_waited_for() {
    let yard = Yard::new(GATED);
    yard.gate("gate");
    let id = yard.start(&[]);
    yard.told("a 1");
    let shim = yard.shim(&id, "a");
    kill(shim, "STOP");
    yard.open("gate");
    let stat = || std::fs::read_to_string(format!("/proc/{shim}/stat")).unwrap();
    until("it is held", || stat().contains(") T "));
    yard.house.crash();
    assert_eq!(step(&yard.show(&id), "a")["state"], "running");
    kill(shim, "CONT");
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1"]);
}

#[test]
fn a_run_of_commands_does_not_need_tmux() {
    let yard = Yard::new(GATED);
    yard.gate("gate");
    let id = yard.start(&[]);
    yard.told("a 1");
    if let Some(server) = yard.house.server_pid() {
        kill(server, "KILL");
        until("the server is dead", || !alive(server));
    }
    yard.open("gate");
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1"]);
}

#[test]
fn a_definition_that_is_edited_meanwhile_is_that_of_later_runs() {
    let yard = Yard::new(GATED);
    yard.gate("gate");
    let id = yard.start(&[]);
    yard.told("a 1");
    yard.workflow("w", "steps:\n  - { id: other, run: \"{here}/fx\" }\n");
    yard.house.crash();
    yard.open("gate");
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1"]);
    let next = yard.runs(&[]);
    assert_eq!(super::states(&next), ["other done"]);
}

#[test]
fn a_run_whose_store_is_read_by_a_new_daemon_tells_the_same_journal() {
    let yard = Yard::new("steps:\n  - { id: a, run: exit 3, retry: { max: 1, backoff: 1ms } }\n");
    let id = yard.start(&[]);
    yard.ends(&id, "failed");
    let before = yard.house.json(&["run", "replay", &id]);
    let shown = yard.show(&id);
    yard.house.crash();
    assert_eq!(yard.house.json(&["run", "replay", &id]), before);
    assert_eq!(yard.show(&id), shown);
    assert_eq!(before["run"]["state"], "failed");
    let first = yard.house.json(&["run", "replay", &id, "--until", "1"]);
    assert_eq!(first["run"]["state"], "running");
    let unknown = yard.house.gaia(&["run", "show", "r1nope"]);
    assert!(seen(&unknown).contains("there is no run"), "{}", seen(&unknown));
}
