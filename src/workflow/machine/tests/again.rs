use super::*;

const TREE: &str = "
steps:
  - { id: a, run: x }
  - { id: b, run: x, needs: [a] }
  - { id: c, run: x, needs: [b] }
  - { id: d, run: x, needs: [a] }
  - id: g
    needs: [a]
    steps:
      - { id: g1, run: x }
      - { id: g2, run: x, needs: [g1] }
  - { id: h, run: x, needs: [g] }
";

#[test]
fn what_did_not_end_well_is_done_over_and_nothing_else() {
    let scripts = [
        (
            "one and what needs it",
            "ok a\nbad b\nok d\nok g/g1\nok g/g2\nok h\nretry\nrestart\nok b\nok c",
        ),
        ("inside of a group", "ok a\nok b\nok d\nok c\nok g/g1\nbad g/g2\nretry\nok g/g2\nok h"),
        (
            "cancelled",
            "ok a\ncancel\nstopped b\nok d\nstopped g/g1\nretry\nok b\nok c\nok g/g1\nok g/g2\nok h",
        ),
    ];
    insta::assert_snapshot!(stories(TREE, &scripts));
}

#[test]
fn a_step_is_done_over_with_all_that_needs_it() {
    let well = "ok a\nok b\nok d\nok c\nok g/g1\nok g/g2\nok h\n";
    let inside = format!("{well}retry g/g2\nok g/g2\nok h");
    let group = format!("{well}retry g\nok g/g1\nok g/g2\nok h");
    let first = format!("{well}retry a\n{well}");
    let scripts = [("inside", &*inside), ("a group", &*group), ("the first", &*first)];
    insta::assert_snapshot!(stories(TREE, &scripts));
}

#[test]
fn nothing_is_done_over_that_goes_on_or_ended_well() {
    let text = "steps:\n  - {id: a, run: x}\n";
    let mut bench = Bench::new(text);
    assert_eq!(advance(&mut bench.run, Input::Retry(None), NOW), [], "it goes on");
    bench.grant();
    bench.line("ok a");
    assert_eq!(advance(&mut bench.run, Input::Retry(None), NOW), [], "it ended well");
    let mut queued = blank(&bench.run.plan);
    advance(&mut queued, Input::Cancel("you".to_owned()), NOW);
    assert_eq!(queued.state, State::Cancelled);
    assert_eq!(advance(&mut queued, Input::Retry(None), NOW), [], "it never began");
}

#[test]
fn items_that_another_one_kept_from_beginning_are_done_over_too() {
    let text = "
steps:
  - id: a
    for_each: { in: [x, y, z], max_parallel: 1, join: all_ok, on_child_failure: stop }
    run: echo \"{{ item }}\"
";
    insta::assert_snapshot!(stories(
        text,
        &[("stop", "ok a[x]\nbad a[y]\nretry\nok a[y]\nok a[z]")]
    ));
}

#[test]
fn a_loop_goes_on_from_the_time_that_is_done_over() {
    let text = "
steps:
  - id: l
    loop:
      until: t.exit_code == 0
      max_iterations: 3
      steps:
        - { id: t, run: x, on_error: continue }
        - { id: u, run: x, needs: { t: done } }
";
    let twice = "bad l{1}/t\nok l{1}/u\nok l{2}/t\n";
    let failed = format!("{twice}bad l{{2}}/u\nretry\nrestart\nok l{{2}}/u");
    let first = format!(
        "{twice}ok l{{2}}/u\nretry l{{1}}/u\nok l{{1}}/u\nrestart\ngrant\nok l{{2}}/t\nok l{{2}}/u"
    );
    let scripts = [("the last time failed", &*failed), ("an earlier one", &*first)];
    insta::assert_snapshot!(stories(text, &scripts));
}

#[test]
fn the_steps_at_the_end_are_done_over_as_a_whole() {
    let text = "
steps:
  - { id: a, run: x }
finally:
  - { id: sweep, run: x }
  - { id: mop, run: x, needs: [sweep] }
";
    let scripts = [
        ("they failed", "ok a\nbad sweep\nretry\nok sweep\nok mop"),
        ("one is named", "ok a\nok sweep\nok mop\nretry mop\nok sweep\nok mop"),
        ("a step before", "ok a\nok sweep\nok mop\nretry a\nok a\nok sweep\nok mop"),
    ];
    insta::assert_snapshot!(stories(text, &scripts));
}

#[test]
fn its_time_counts_from_when_it_is_done_over() {
    let text = "timeout: 1h\nsteps:\n  - {id: a, run: x}\n";
    let script = "bad a\nafter 7200000\nretry\nafter 3599999\nrestart\nafter 1\nstopped a";
    insta::assert_snapshot!(stories(text, &[("two hours later", script)]));
}

#[test]
fn tries_and_losses_count_anew_when_it_is_done_over() {
    let text = "steps:\n  - {id: a, run: x, retry: {max: 1, backoff: 1s}, on_lost: retry}\n";
    let many = "lost a\nlost a\nlost a\nlost a\nbad a\nafter 1000\nbad a\nretry\n";
    let script = format!("{many}{many}ok a");
    insta::assert_snapshot!(stories(text, &[("twice", &script)]));
}

/// What would be done after a restart, at the end of a script.
fn outstanding_after(text: &str, script: &str) -> Vec<String> {
    let mut bench = Bench::new(text);
    bench.grant();
    script.lines().for_each(|line| bench.line(line));
    bench.restart();
    outstanding(&bench.run).iter().map(|effect| format!("{effect:?}")).collect()
}

#[test]
fn a_restart_takes_up_all_that_is_under_way() {
    let text = "
budget: 5 USD
steps:
  - { id: a, agent: x, prompt: x, outputs: { n: integer } }
  - { id: b, run: x, on_error: ask }
  - { id: c, run: x, retry: 1 }
  - { id: d, agent: x, prompt: x }
";
    let script = "ok a\nbad b\nbad c\ncosts d 9";
    let wanted = ["Attempt(0)", "AskAgain(0)", "Hold(1)", "Budget"];
    assert_eq!(outstanding_after(text, script), wanted);
    let wanted = ["Attempt(0)", "AskAgain(0)", "Stop(0)"];
    assert_eq!(outstanding_after(text, &format!("{script}\ncancel")), wanted);
}
