//! The life of a run as a person sees and steers it.

use serde_json::Value;

use super::{Yard, states, step};
use crate::house::{seen, until};

#[test]
fn steps_that_do_not_need_each_other_overlap_and_others_do_not() {
    // Each of the two waits until the other one has come.
    let meet = |own: &str, other: &str| {
        format!(
            "{{here}}/fx; mkdir {{here}}/{own}; until test -d {{here}}/{other}; do sleep 0.01; done"
        )
    };
    let yard = Yard::new(&format!(
        "
steps:
  - {{ id: a, run: \"{}\" }}
  - {{ id: b, run: \"{}\" }}
  - {{ id: c, run: \"{{here}}/fx\", needs: [a, b] }}
",
        meet("one", "two"),
        meet("two", "one")
    ));
    let run = yard.runs(&[]);
    assert_eq!(states(&run), ["a done", "b done", "c done"]);
    let time =
        |name: &str, key: &str| step(&run, name)[key].as_i64().unwrap_or_else(|| panic!("{run:#}"));
    let (a, b, c) = ("a", "b", "c");
    assert!(
        time(a, "started_at") <= time(b, "ended_at")
            && time(b, "started_at") <= time(a, "ended_at")
    );
    assert!(time(c, "started_at") >= time(a, "ended_at").max(time(b, "ended_at")));
}

#[test]
fn a_list_is_done_no_more_at_a_time_than_it_may() {
    let yard = Yard::new(
        "
steps:
  - id: a
    for_each: { in: [1, 2, 3, 4, 5, 6], max_parallel: 2 }
    run: |
      mkdir {here}/busy.$GAIA_STEP_PATH
      ls -d {here}/busy.* | wc -l >> {here}/effects
      sleep 0.05
      rmdir {here}/busy.$GAIA_STEP_PATH
",
    );
    let run = yard.runs(&[]);
    assert_eq!(run["state"], "done", "{run:#}");
    assert!(yard.effects().iter().all(|n| n == "1" || n == "2"), "{:?}", yard.effects());
    assert_eq!(yard.effects().len(), 6);
}

/// Everything that a step may leave: a child, one in a session of its own, one that hears no TERM.
const FAMILY: &str =
    "sleep 1000 & setsid sleep 1000 & (trap '' TERM; sleep 1000) & {here}/fx; wait";

#[test]
fn cancelling_ends_everything_a_run_started_in_whatever_state() {
    let yard = Yard::new(&format!(
        "
steps:
  - {{ id: runs, run: \"{FAMILY}\" }}
  - {{ id: blocked, run: \"{{here}}/fx\", needs: [runs] }}
  - {{ id: held, run: exit 3, on_error: ask }}
  - {{ id: waits, run: exit 3, retry: {{ max: 2, backoff: 1h }} }}
  - {{ id: asked, approval: \"Go on?\" }}
  - id: each
    for_each: {{ in: [x, y], max_parallel: 1 }}
    run: \"{FAMILY}\"
finally:
  - {{ id: sweep, run: \"{{here}}/fx\" }}
"
    ));
    let id = yard.start(&[]);
    yard.told("runs 1");
    yard.told("each[x] 1");
    yard.until(&id, "held", "held");
    yard.until(&id, "waits", "waiting");
    yard.until(&id, "asked", "running");
    assert_eq!(yard.items().len(), 2);
    // The one who is told dies before it is done.
    yard.house.ok(&["run", "cancel", &id]);
    yard.house.crash();
    let run = yard.ends(&id, "cancelled");
    let wanted = [
        "runs cancelled",
        "blocked cancelled",
        "held cancelled",
        "waits cancelled",
        "asked cancelled",
        "each cancelled",
        "each[x] cancelled",
        "each[y] cancelled",
        "sweep done",
    ];
    assert_eq!(states(&run), wanted);
    until("nothing runs on", || yard.commands().is_empty());
    assert_eq!(yard.effects(), ["each[x] 1", "runs 1", "sweep 1"]);
    yard.house.until("nobody is asked any more", || yard.items().is_empty());
}

#[test]
fn a_run_that_is_cancelled_while_it_is_paused_ends() {
    let yard = Yard::new(
        "
steps:
  - { id: a, run: \"{here}/fx\" }
  - { id: sure, approval: \"Go on?\", needs: [a] }
finally:
  - { id: sweep, run: \"{here}/fx\" }
",
    );
    let id = yard.start(&[]);
    yard.item();
    let paused = yard.house.json(&["run", "pause", &id]);
    assert_eq!(paused["paused"], true);
    yard.house.ok(&["run", "cancel", &id]);
    yard.ends(&id, "cancelled");
    assert_eq!(yard.effects(), ["a 1", "sweep 1"]);
}

#[test]
fn a_paused_run_begins_nothing_until_it_is_resumed() {
    let yard = Yard::new(
        "
steps:
  - { id: a, run: \"{here}/gated gate\" }
  - { id: b, run: \"{here}/fx\", needs: [a] }
",
    );
    yard.gate("gate");
    let id = yard.start(&[]);
    yard.told("a 1");
    yard.house.ok(&["run", "pause", &id]);
    yard.open("gate");
    yard.until(&id, "a", "done");
    yard.house.crash();
    let run = yard.show(&id);
    assert_eq!((&run["state"], &run["paused"]), (&"running".into(), &true.into()));
    assert_eq!(states(&run), ["a done", "b ready"]);
    yard.house.ok(&["run", "resume", &id]);
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["a 1", "b 1"]);
}

#[test]
fn what_failed_is_done_over_and_what_needs_a_step_with_it() {
    let yard = Yard::new(
        "
steps:
  - { id: a, run: \"{here}/fx\" }
  - { id: b, run: \"{here}/fx; test -e {here}/mended\", needs: [a] }
  - { id: c, run: \"{here}/fx\", needs: [b] }
",
    );
    let id = yard.start(&[]);
    let run = yard.ends(&id, "failed");
    assert_eq!(states(&run), ["a done", "b failed", "c skipped"]);
    std::fs::write(yard.at("mended"), "").unwrap();
    yard.house.ok(&["run", "retry", &id, "--wait"]);
    assert_eq!(yard.effects(), ["a 1", "b 1", "b 2", "c 1"]);
    let refused = yard.house.gaia(&["run", "retry", &id]);
    assert_eq!(refused.status.code(), Some(2), "{}", seen(&refused));
    yard.house.crash();
    yard.house.ok(&["run", "retry", &id, "--from", "b", "--wait"]);
    assert_eq!(yard.effects(), ["a 1", "b 1", "b 2", "b 3", "c 1", "c 2"]);
    let journal = yard.house.json(&["run", "replay", &id]);
    let seqs: Vec<&Value> =
        journal["journal"].as_array().unwrap().iter().map(|t| &t["seq"]).collect();
    assert!(seqs.iter().zip(1..).all(|(seq, at)| **seq == at), "{seqs:?}");
}

#[test]
fn a_run_that_never_began_is_not_done_over_and_can_be_removed() {
    let yard = Yard::new("concurrency: one\nsteps:\n  - { id: sure, approval: Go on? }\n");
    let first = yard.start(&[]);
    let queued = yard.start(&[]);
    assert_eq!(yard.show(&queued)["state"], "queued");
    yard.house.ok(&["run", "cancel", &queued]);
    let refused = yard.house.gaia(&["run", "retry", &queued]);
    assert_eq!(refused.status.code(), Some(2), "{}", seen(&refused));
    yard.ends(&queued, "cancelled");
    yard.house.ok(&["run", "remove", &queued]);
    yard.house.ok(&["approve", &yard.item()]);
    yard.ends(&first, "done");
}

#[test]
fn runs_are_listed_shown_read_and_removed() {
    let yard = Yard::new(
        "
inputs: [who]
outputs: { said: \"{{ a.stdout }}\" }
steps:
  - { id: a, run: \"echo hello $who; echo oops >&2\" }
  - { id: b, run: [\"echo\", \"second\"], needs: [a] }
",
    );
    let id = yard.start(&["who=ann", "--key", "one"]);
    let run = yard.ends(&id, "done");
    assert_eq!(run["outputs"]["said"], "hello ann", "{run:#}");
    assert_eq!(yard.start(&["who=bob", "--key", "one"]), id, "the same key is the same run");
    let other = yard.start(&["who=bob"]);
    yard.ends(&other, "done");
    let ids = |args: &[&str]| -> Vec<String> {
        let all = yard.house.json(&[&["run", "list"], args].concat());
        let all = all.as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap().to_owned());
        all.collect()
    };
    assert_eq!(ids(&[]), [id.clone(), other.clone()]);
    assert_eq!(ids(&["--grep", "bob"]), std::slice::from_ref(&other));
    assert_eq!(ids(&["--state", "failed"]), Vec::<String>::new());
    assert_eq!(ids(&["-n", "1"]), std::slice::from_ref(&other));
    let logs = yard.house.json(&["run", "logs", &id]);
    assert_eq!(logs[0]["step"], "a");
    let text = logs[0]["text"].as_str().unwrap();
    assert!(text.contains("hello ann") && text.contains("oops"), "{text}");
    assert_eq!(logs[1]["text"].as_str().unwrap().trim(), "second");
    assert_eq!(yard.house.ok(&["run", "logs", "last", "b"]).trim(), "second");
    yard.house.ok(&["run", "remove", &id]);
    assert_eq!(ids(&[]), [other]);
    assert!(!yard.house.home().join("runs").join(&id).exists());
    yard.house.crash();
    assert_eq!(ids(&[]).len(), 1);
    yard.house.ok(&["ledger", "verify"]);
}

#[test]
fn a_definition_is_kept_for_as_long_as_a_run_of_it() {
    let yard = Yard::new("steps:\n  - { id: a, run: 'true' }\n");
    let run = |wanted: usize| {
        let id = yard.start(&[]);
        yard.ends(&id, "done");
        assert_eq!(kept(&yard), wanted);
        id
    };
    let (first, second) = (run(1), run(1));
    yard.workflow("w", "steps:\n  - { id: other, run: 'true' }\n");
    let third = run(2);
    yard.house.ok(&["run", "remove", &first]);
    assert_eq!(kept(&yard), 2);
    yard.house.ok(&["run", "remove", &second]);
    assert_eq!(kept(&yard), 1);
    yard.house.ok(&["run", "remove", &third]);
    assert_eq!(kept(&yard), 0);
    run(1);
}

/// Definitions in the store.
fn kept(yard: &Yard) -> usize {
    let text = yard.house.ok(&["export"]);
    text.lines().filter(|line| line.contains("b/workflow/")).count()
}

const PARENT: &str = "
steps:
  - { id: sub, workflow: child, with: { word: it } }
  - { id: b, run: \"{here}/fx; echo \\\"{{ sub.output.said }}\\\" >> {here}/effects\", needs: [sub] }
";
const CHILD: &str = "
inputs: [word]
outputs: { said: \"{{ c.stdout }}\" }
steps:
  - { id: c, run: \"{here}/gated gate; echo did $word\" }
";

fn with_child() -> Yard {
    let yard = Yard::new(PARENT);
    std::fs::create_dir(yard.house.workspace().join("workflows")).unwrap();
    let child = yard.filled(CHILD);
    yard.house.write("workflows/child.yaml", &child);
    yard.gate("gate");
    yard
}

#[test]
fn a_workflow_runs_another_one_and_takes_what_it_gives_back() {
    let yard = with_child();
    let id = yard.start(&[]);
    yard.told("c 1");
    // The one inside is started once, whatever dies.
    yard.house.crash();
    yard.open("gate");
    yard.ends(&id, "done");
    assert_eq!(yard.effects(), ["b 1", "c 1", "did it"]);
    let all = yard.house.json(&["run", "list", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_eq!(all[1]["parent"], *id);
}

#[test]
fn a_workflow_that_is_cancelled_cancels_those_inside() {
    let yard = with_child();
    let id = yard.start(&[]);
    yard.told("c 1");
    let child = step(&yard.show(&id), "sub")["link"].as_str().unwrap().to_owned();
    yard.house.ok(&["run", "cancel", &id]);
    yard.house.crash();
    yard.ends(&id, "cancelled");
    yard.ends(&child, "cancelled");
    until("nothing runs on", || yard.commands().is_empty());
    assert_eq!(yard.effects(), ["c 1"]);
}

#[test]
fn a_person_is_asked_about_a_loop_each_time_it_comes_to_its_end() {
    let yard = Yard::new(
        "
steps:
  - id: l
    loop:
      until: t.exit_code == 0
      max_iterations: 1
      on_exhausted: ask
      steps:
        - { id: t, run: \"{here}/fx; exit 3\", on_error: continue }
",
    );
    let id = yard.start(&[]);
    let first = yard.item();
    yard.house.ok(&["answer", &first, "--option", "retry"]);
    yard.told("l{2}/t 1");
    let second = yard.item();
    assert_ne!(first, second);
    yard.house.crash();
    assert_eq!(yard.item(), second);
    yard.house.ok(&["answer", &second, "--option", "fail"]);
    yard.ends(&id, "failed");
    assert_eq!(yard.effects(), ["l{1}/t 1", "l{2}/t 1"]);
}
