use super::*;

const OUTCOMES: &str = "
steps:
  - { id: a, run: x }
  - { id: b, run: x, needs: [a] }
  - { id: c, run: x, needs: [b] }
  - { id: mend, run: x, needs: { a: failed } }
  - { id: note, run: x, needs: { b: skipped } }
  - { id: sweep, run: x, needs: { a: done, c: done } }
";

#[test]
fn needs_say_how_a_step_may_have_ended() {
    let all = stories(
        OUTCOMES,
        &[
            ("all is well", "ok a\nok b\nok c\nok sweep"),
            ("the first fails", "bad a\nok mend\nok note\nok sweep"),
        ],
    );
    insta::assert_snapshot!(all);
}

#[test]
fn a_chain_of_what_is_skipped_ends_at_once() {
    let text = "
steps:
  - { id: a, run: x }
  - { id: b, run: x, needs: [a], when: a.exit_code == 3 }
  - { id: c, run: x, needs: [b] }
  - { id: d, run: x, needs: [c] }
";
    insta::assert_snapshot!(stories(text, &[("no", "ok a")]));
}

#[test]
fn when_is_asked_once_its_needs_are_over() {
    let text = "
steps:
  - { id: a, run: x, on_error: continue }
  - { id: b, run: x, needs: [a], when: a.exit_code == 3 }
  - { id: c, run: x, needs: [a], when: \"a.status != 'ok'\" }
";
    insta::assert_snapshot!(stories(text, &[("bad", "bad a 3\nok b\nok c"), ("good", "ok a")]));
}

fn each(rest: &str) -> String {
    format!(
        "steps:\n  - id: a\n    for_each: {{in: [x, y, z], {rest}}}\n    run: echo \"{{{{ item }}}}\"\n  - {{id: b, run: x, needs: [a]}}\n"
    )
}

#[test]
fn a_list_is_done_as_many_at_a_time_as_it_may() {
    let scripts = [("two", "ok a[x]\nok a[y]\nok a[z]\nok b")];
    insta::assert_snapshot!(stories(&each("max_parallel: 2"), &scripts));
}

#[test]
fn a_list_ends_well_as_its_join_says() {
    let one = [("one fails", "ok a[x]\nbad a[y]\nok a[z]\nok b")];
    let all_ok = stories(
        &each("join: all_ok"),
        &one[..].iter().map(|(n, s)| (*n, s.trim_end_matches("\nok b"))).collect::<Vec<_>>(),
    );
    let all_done = stories(&each("join: all_done"), &one);
    insta::assert_snapshot!(format!("all_ok\n{all_ok}all_done\n{all_done}"));
}

#[test]
fn no_more_of_a_list_are_begun_after_one_failed_if_it_says_so() {
    let stop = each("max_parallel: 1, join: all_ok, on_child_failure: stop");
    let parallel = each("max_parallel: 2, on_child_failure: stop");
    let goes = each("max_parallel: 1, on_child_failure: continue");
    let mut all = stories(&stop, &[("stop", "bad a[x]")]);
    all += &stories(&parallel, &[("what runs ends by itself", "bad a[x]\nok a[y]\nok b")]);
    all += &stories(&goes, &[("continue", "bad a[x]\nok a[y]\nok a[z]\nok b")]);
    insta::assert_snapshot!(all);
}

#[test]
fn a_list_of_nothing_is_done_and_one_that_is_no_list_fails() {
    let text = "
steps:
  - { id: a, run: x, outputs: { all: array } }
  - id: b
    needs: [a]
    for_each: \"{{ a.output.all }}\"
    run: echo \"{{ item }}\"
";
    let scripts = [
        ("none", "ok a {\"all\": []}"),
        ("twins", "ok a {\"all\": [\"p\", \"p\", 1]}\nok b[p]\nok b[p#2]\nok b[1]"),
        ("objects", "ok a {\"all\": [{\"id\": \"u/v\"}, {\"no\": 1}]}\nok b[u-v]\nok b[1]"),
        ("misfit", "ok a {\"all\": 3}"),
    ];
    insta::assert_snapshot!(stories(text, &scripts));
}

fn round(rest: &str) -> String {
    format!(
        "steps:
  - id: l
    loop:
      until: t.exit_code == 0
      max_iterations: 3
      {rest}
      steps:
        - {{id: t, run: x, on_error: continue}}
        - {{id: u, run: x, needs: {{t: done}}, when: t.exit_code != 0}}
  - {{id: z, run: x, needs: [l]}}
"
    )
}

#[test]
fn a_loop_goes_round_until_it_is_so() {
    let scripts = [
        ("at once", "ok l{1}/t\nok z"),
        ("later", "bad l{1}/t\nok l{1}/u\nok l{2}/t\nok z"),
        ("inside fails", "bad l{1}/t\nbad l{1}/u"),
    ];
    insta::assert_snapshot!(stories(&round("on_exhausted: fail"), &scripts));
}

const THRICE: &str = "bad l{1}/t\nok l{1}/u\nbad l{2}/t 2\nok l{2}/u\nbad l{3}/t 4\nok l{3}/u";

#[test]
fn a_loop_that_is_exhausted_does_as_it_says() {
    let mut all = stories(&round("on_exhausted: fail"), &[("fail", THRICE)]);
    let go_on = format!("{THRICE}\nok z");
    all += &stories(&round("on_exhausted: continue"), &[("continue", &go_on)]);
    let more = format!(
        "{THRICE}\ndecide l retry\nbad l{{4}}/t\nok l{{4}}/u\ndecide l retry\nok l{{5}}/t\nok z"
    );
    let enough = format!("{THRICE}\ndecide l continue\nok z");
    let no = format!("{THRICE}\ndecide l fail");
    let scripts = [("ask: once more", &*more), ("ask: go on", &*enough), ("ask: no", &*no)];
    all += &stories(&round("on_exhausted: ask"), &scripts);
    insta::assert_snapshot!(all);
}

#[test]
fn a_loop_that_makes_no_progress_is_exhausted() {
    let script = "bad l{1}/t\nok l{1}/u\nbad l{2}/t\nok l{2}/u";
    insta::assert_snapshot!(stories(&round("no_progress: 1"), &[("stuck", script)]));
}

#[test]
fn tries_wait_longer_each_time_and_only_for_what_is_worth_it() {
    let text = "
steps:
  - id: a
    run: x
    retry: { max: 4, backoff: 1s, factor: 3, max_backoff: 10s, on: [75, timeout] }
";
    let scripts = [
        (
            "grows",
            "bad a 75\nafter 999\nafter 1\nbad a 75\nafter 3000\nbad a 75\nafter 9000\nbad a 75\nafter 10000\nbad a 75",
        ),
        ("not this code", "bad a 1"),
        ("in the end", "bad a 75\nafter 1000\nok a"),
    ];
    insta::assert_snapshot!(stories(text, &scripts));
}

fn on_error(what: &str) -> String {
    format!(
        "steps:\n  - {{id: a, run: x, on_error: {what}}}\n  - {{id: b, run: x, needs: [a]}}\n  - {{id: c, run: x}}\n"
    )
}

#[test]
fn a_failure_means_what_its_step_says() {
    let mut all = stories(&on_error("fail"), &[("fail", "bad a\nok c")]);
    all += &stories(&on_error("continue"), &[("continue", "bad a\nok c\nok b")]);
    let ask = [
        ("ask: retry", "bad a\nok c\ndecide a retry\nok a\nok b"),
        ("ask: go on", "bad a\nok c\ndecide a continue\nok b"),
        ("ask: fail", "bad a\nok c\ndecide a fail"),
        ("ask: cancel", "bad a\ncancel\nstopped c"),
    ];
    insta::assert_snapshot!(all + &stories(&on_error("ask"), &ask));
}

fn on_lost(what: &str) -> String {
    format!("steps:\n  - {{id: a, run: x, {what}}}\n  - {{id: b, run: x, needs: [a]}}\n")
}

#[test]
fn what_is_lost_is_asked_about_or_done_again_or_fails() {
    let ask = [
        ("ask", "lost a\nrestart\ndecide a retry\nok a\nok b"),
        ("ask: go on", "lost a\ndecide a continue\nok b"),
    ];
    let mut all = stories(&on_lost("on_lost: ask"), &ask);
    let many = "lost a\nlost a\nlost a\nlost a\nlost a\ndecide a retry\nlost a";
    all += &stories(
        &on_lost("idempotent: true"),
        &[("retry", "lost a\nok a\nok b"), ("something ends them all", many)],
    );
    all += &stories(&on_lost("on_lost: fail"), &[("fail", "lost a")]);
    let worth = "retry: {max: 1, on: [lost]}";
    all += &stories(&on_lost(worth), &[("worth a try", "lost a\nlost a\ndecide a fail")]);
    insta::assert_snapshot!(all);
}

#[test]
fn what_takes_too_long_is_ended() {
    let text = "
timeout: 1h
steps:
  - { id: a, run: x, timeout: 10s, idle_timeout: 5s, retry: { max: 1, backoff: 1s } }
  - { id: b, run: x, needs: [a] }
";
    let scripts = [
        ("one attempt", "after 9999\nafter 1\nstopped a\nafter 1000\nok a\nok b"),
        ("silence", "silent a\nsilent a\nstopped a\nafter 1000\nsilent a\nstopped a"),
        ("it ends well meanwhile", "after 10000\nok a\nok b"),
        ("a restart meanwhile", "after 10000\nrestart\nstopped a\ncancel"),
        ("the run", "ok a\nafter 3600000\nrestart\nstopped b"),
    ];
    insta::assert_snapshot!(stories(text, &scripts));
}

const PHASES: &str = "
max_parallel: 9
steps:
  - { id: runs, run: x }
  - { id: blocked, run: x, needs: [runs] }
  - { id: waits, run: x, retry: { max: 2, backoff: 1h } }
  - { id: held, run: x, on_error: ask }
  - { id: asked, approval: Go on? }
  - id: list
    for_each: { in: [p, q, r], max_parallel: 1 }
    steps:
      - { id: i, run: 'echo \"{{ item }}\"' }
      - { id: j, run: x, needs: [i] }
  - id: round
    loop: { until: t.exit_code == 0, max_iterations: 2, steps: [{ id: t, run: x }] }
finally:
  - { id: sweep, run: x }
  - { id: mop, run: x, needs: [sweep] }
";

#[test]
fn cancelling_ends_what_runs_and_drops_the_rest() {
    let ends = "stopped runs\nstopped asked\nstopped list[p]/i\nstopped round{1}/t\n";
    let all = format!("bad waits\nbad held\ncancel\ncancel\n{ends}ok sweep\nok mop");
    let restarts =
        format!("bad waits\nbad held\ncancel\nrestart\n{ends}restart\ngrant\nok sweep\nok mop");
    let twice = format!("bad waits\nbad held\ncancel\n{ends}cancel\nstopped sweep");
    let paused = format!("pause\nbad held\ncancel\nstopped waits\n{ends}ok sweep\nok mop");
    let scripts = [
        ("in each phase", &*all),
        ("with restarts", &*restarts),
        ("the steps at the end too", &*twice),
        ("while it is paused", &*paused),
    ];
    insta::assert_snapshot!(stories(PHASES, &scripts));
}

#[test]
fn the_steps_at_the_end_run_however_it_ends() {
    let text = "
steps:
  - { id: a, run: x }
finally:
  - { id: sweep, run: x }
  - { id: tell, run: x, needs: { sweep: done }, when: \"a.status != 'ok'\" }
";
    let scripts = [
        ("well", "ok a\nok sweep"),
        ("badly", "bad a\nbad sweep\nok tell"),
        ("they fail", "ok a\nbad sweep"),
        ("cancelled", "cancel\nok a\nok sweep\nok tell"),
    ];
    insta::assert_snapshot!(stories(text, &scripts));
}

#[test]
fn a_paused_run_begins_nothing_new() {
    let text = "steps:\n  - {id: a, run: x}\n  - {id: b, run: x, needs: [a]}\n";
    let script = "pause\nok a\npause\nrestart\nresume\nok b";
    insta::assert_snapshot!(stories(text, &[("pause", script)]));
}

#[test]
fn a_run_that_costs_more_than_it_may_waits_for_a_person() {
    let text = "
budget: 5 USD
steps:
  - { id: a, agent: x, prompt: x }
  - { id: b, agent: x, prompt: x, needs: [a] }
  - { id: c, agent: x, prompt: x, needs: [b] }
finally:
  - { id: sweep, run: x }
";
    let scripts = [
        ("yes", "costs a 6\nrestart\nbudget yes\ncosts b 6\nok c\nok sweep"),
        ("no", "costs a 6\nbudget no\nok sweep"),
        ("cancelled meanwhile", "costs a 6\ncancel\nok sweep"),
        (
            "done over after a no",
            "costs a 6\nbudget no\nok sweep\nretry\ncosts b 1\nbudget yes\nok c\nok sweep",
        ),
    ];
    insta::assert_snapshot!(stories(text, &scripts));
}

#[test]
fn outputs_that_do_not_fit_are_asked_for_again() {
    let text = "
steps:
  - { id: a, agent: x, prompt: x, outputs: { n: { type: integer, minimum: 3 } }, max_asks: 2 }
  - { id: b, run: x, outputs: { n: integer } }
";
    let scripts = [
        ("in the end", "ok b {\"n\": 1}\nok a\nrestart\nok a {\"n\": 2}\nok a {\"n\": 3}"),
        ("never", "ok b {\"n\": \"x\"}\nok a\nok a\nok a"),
        ("not when it is stopped", "ok b {\"n\": 1}\ncancel\nok a"),
    ];
    insta::assert_snapshot!(stories(text, &scripts));
}

#[test]
fn the_first_failure_ends_a_run_that_fails_fast() {
    let text = "
fail_fast: true
steps:
  - { id: may, run: x, on_error: continue }
  - { id: a, run: x }
  - { id: b, run: x }
  - id: each
    on_error: continue
    for_each: { in: [p, q] }
    run: echo \"{{ item }}\"
finally:
  - { id: sweep, run: x }
";
    let script = "bad may\nbad each[p]\nbad a\nstopped b\nstopped each[q]\nok sweep";
    insta::assert_snapshot!(stories(text, &[("fast", script)]));
}

#[test]
fn groups_loops_and_lists_stand_inside_of_each_other() {
    let text = "
steps:
  - id: each
    for_each: { in: [p, q], max_parallel: 1, join: all_ok }
    loop:
      until: check.exit_code == 0
      max_iterations: 2
      on_exhausted: continue
      steps:
        - id: work
          steps:
            - { id: one, run: 'echo \"{{ item }}\"' }
            - { id: two, run: x, needs: [one] }
        - { id: check, run: x, needs: [work], on_error: continue }
  - { id: last, run: x, needs: [each] }
";
    let p = "ok each[p]{1}/work/one\nok each[p]{1}/work/two\nbad each[p]{1}/check\n\
        restart\ngrant\nok each[p]{2}/work/one\nok each[p]{2}/work/two\nok each[p]{2}/check\n";
    let well = format!(
        "{p}ok each[q]{{1}}/work/one\nok each[q]{{1}}/work/two\nok each[q]{{1}}/check\nok last"
    );
    let bad = format!(
        "{p}bad each[q]{{1}}/work/one\nretry\nok each[q]{{1}}/work/one\nok each[q]{{1}}/work/two\nok each[q]{{1}}/check\nok last"
    );
    insta::assert_snapshot!(stories(text, &[("well", &well), ("one fails", &bad)]));
}
